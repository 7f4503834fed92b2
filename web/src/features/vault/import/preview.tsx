import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { DialogActions } from "@/ui/dialog";
import { Notice } from "@/ui/notice";
import { type Column, Table } from "@/ui/table";
import { takeFocus } from "./focus";
import { isTaken, type Row } from "./plan";

interface PreviewProps {
  rows: Row[];
  moreThere: boolean;
  onSend: () => Promise<void>;
  onBack: () => void;
}

export function Preview({ rows, moreThere, onSend, onBack }: PreviewProps) {
  const { t } = useTranslation();
  const send = useMutation({ mutationFn: onSend });
  const taken = rows.filter(isTaken).length;
  return (
    <>
      <Totals rows={rows} />
      {moreThere && <Notice className="mt-3">{t("vault.import.more_there")}</Notice>}
      <div className="mt-4 overflow-hidden rounded-md border border-line">
        <Rows rows={rows} />
      </div>
      <DialogActions>
        <Button onClick={onBack}>{t("vault.import.back")}</Button>
        <Button look="primary" busy={send.isPending} disabled={taken === 0} onClick={() => send.mutate()}>
          {taken === 0 ? t("vault.import.send_none") : t("vault.import.send", { count: taken })}
        </Button>
      </DialogActions>
    </>
  );
}

function Totals({ rows }: { rows: Row[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const count = (fits: (row: Row) => boolean) => format.number(rows.filter(fits).length);
  return (
    <p ref={takeFocus} tabIndex={-1} className="text-muted outline-none" role="status">
      {t("vault.import.totals", {
        fresh: count((row) => row.becomes === "new"),
        replaced: count((row) => row.becomes === "replaced"),
        left: count((row) => !isTaken(row)),
      })}
    </p>
  );
}

function Rows({ rows }: { rows: Row[] }) {
  const { t } = useTranslation();
  const numbered = rows.map((row, at) => ({ ...row, at }));
  const columns: Column<(typeof numbered)[number]>[] = [
    {
      key: "name",
      grows: true,
      heading: t("vault.name"),
      cell: (row) => (
        <>
          <bdi dir="ltr" className="block font-mono text-sm font-medium wrap-anywhere">
            {row.name}
          </bdi>
          <Why becomes={row.becomes} />
        </>
      ),
    },
    {
      key: "kind",
      heading: t("vault.kind"),
      className: "text-sm text-muted",
      cell: ({ kind }) => t(`vault.kind_${kind}`),
    },
    { key: "becomes", heading: t("vault.import.becomes"), cell: ({ becomes }) => <Becomes becomes={becomes} /> },
  ];
  return <Table caption={t("vault.import.title")} columns={columns} rows={numbered} rowKey={({ at }) => at} />;
}

function Becomes({ becomes }: { becomes: Row["becomes"] }) {
  const { t } = useTranslation();
  if (becomes === "new") return <Badge tone="ok">{t("vault.import.new")}</Badge>;
  if (becomes === "replaced") return <Badge tone="accent">{t("vault.import.replaced")}</Badge>;
  // What is left out by choice is no fault.
  const fault = becomes !== "there" && becomes !== "twice";
  return <Badge tone={fault ? "danger" : "plain"}>{t("vault.import.left_out")}</Badge>;
}

function Why({ becomes }: { becomes: Row["becomes"] }) {
  const { t } = useTranslation();
  if (becomes === "new" || becomes === "replaced") return null;
  return <span className="block text-sm text-muted">{t(`vault.import.why_${becomes}`)}</span>;
}
