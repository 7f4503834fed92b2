// The keys that the keyboards of phones lack. They leave the focus where it is, or the keyboard would go away.
import { useTranslation } from "react-i18next";
import { cx } from "@/ui/cx";
import { type PhoneKey, phoneKeys, typedBy } from "./keys";
import type { ShownTerminal } from "./use-terminal";

const names = { "←": "left", "↓": "down", "↑": "up", "→": "right" } as const;

export function PhoneKeys({ shown, onPaste }: { shown: ShownTerminal; onPaste: () => void }) {
  const { t } = useTranslation();
  const { ctrl, setCtrl } = shown;
  const press = (key: PhoneKey) => {
    if (key === "Ctrl") setCtrl(!ctrl);
    else shown.type(typedBy(key, shown.screen?.terminal.modes.applicationCursorKeysMode ?? false));
  };
  return (
    <div
      role="toolbar"
      aria-label={t("terminals.keys.row")}
      dir="ltr"
      className="hidden gap-1.5 overflow-x-auto border-t border-line p-2 pointer-coarse:flex"
    >
      {phoneKeys.map(({ name }) => (
        <button
          key={name}
          type="button"
          aria-label={name in names ? t(`terminals.keys.${names[name as keyof typeof names]}`) : name}
          aria-pressed={name === "Ctrl" ? ctrl : undefined}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => press(name)}
          className={cx(look, name === "Ctrl" && ctrl && "border-accent bg-accent-soft text-accent")}
        >
          {name}
        </button>
      ))}
      <button type="button" onClick={onPaste} className={look}>
        {t("terminals.keys.paste")}
      </button>
    </div>
  );
}

const look =
  "grid min-h-11 min-w-11 shrink-0 place-items-center rounded-md border border-line bg-raised px-2 font-mono text-sm text-ink";
