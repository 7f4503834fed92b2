import { useTranslation } from "react-i18next";
import { Dialog } from "@/ui/dialog";
import { Kbd } from "@/ui/kbd";
import { usePlaces } from "../use-go";

export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const general: [string, string[]][] = [
    [t("shortcuts.palette"), ["Ctrl K", "/"]],
    [t("shortcuts.sheet"), ["?"]],
    [t("shortcuts.close"), ["Esc"]],
  ];
  const going = usePlaces()
    .filter((place) => place.key)
    .map((place): [string, string[]] => [t(`places.${place.name}`), ["G", place.key?.toUpperCase() ?? ""]]);
  return (
    <Dialog open onClose={onClose} title={t("shortcuts.title")} description={t("shortcuts.lead")}>
      <Shortcuts title={t("shortcuts.general")} rows={general} joiner={t("shortcuts.or")} />
      <Shortcuts title={t("shortcuts.go_to")} rows={going} joiner={t("shortcuts.then")} />
    </Dialog>
  );
}

function Shortcuts({ title, rows, joiner }: { title: string; rows: [string, string[]][]; joiner: string }) {
  return (
    <section className="mt-3">
      <h3 className="mb-1 text-sm font-medium text-faint">{title}</h3>
      <dl className="divide-y divide-line">
        {rows.map(([label, keys]) => (
          <div key={label} className="flex items-center justify-between gap-4 py-2">
            <dt>{label}</dt>
            <dd className="flex items-center gap-1.5 text-sm text-faint">
              <Kbd keys={keys[0] ?? ""} />
              {keys[1] && joiner}
              {keys[1] && <Kbd keys={keys[1]} />}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
