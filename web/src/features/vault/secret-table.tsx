import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Secret } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { type Column, Table } from "@/ui/table";
import { Ago } from "@/ui/time";
import { SecretState } from "./secret-state";

export function SecretTable({ secrets }: { secrets: Secret[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const columns: Column<Secret>[] = [
    {
      key: "name",
      grows: true,
      heading: t("vault.name"),
      cell: (secret) => (
        <>
          <Link
            to="/secrets/$id"
            params={{ id: secret.id }}
            dir="ltr"
            className="block rounded-sm wrap-anywhere rtl:text-end font-mono text-sm font-medium after:absolute after:inset-0 hover:underline"
          >
            {secret.name}
          </Link>
          {secret.description && <bdi className="block truncate text-sm text-faint">{secret.description}</bdi>}
        </>
      ),
    },
    {
      key: "kind",
      heading: t("vault.kind"),
      className: "text-sm text-muted",
      cell: (secret) => t(`vault.kind_${secret.kind}`),
    },
    { key: "state", heading: t("vault.state"), cell: (secret) => <SecretState state={secret.state} /> },
    {
      key: "version",
      heading: t("vault.version"),
      wideOnly: "xl",
      className: "text-sm text-muted",
      cell: (secret) => format.number(secret.current_version),
    },
    {
      key: "due",
      heading: t("vault.due"),
      className: "text-sm text-muted",
      cell: (secret) => <NextDue secret={secret} />,
    },
    {
      key: "changed",
      heading: t("vault.changed"),
      wideOnly: "xl",
      className: "text-sm text-muted",
      cell: (secret) => <Ago at={secret.changed_at} />,
    },
  ];
  return <Table caption={t("places.secrets")} columns={columns} rows={secrets} rowKey={(secret) => secret.id} />;
}

/** What comes first, a new value or the end. */
function NextDue({ secret: { rotate_at, expires_at } }: { secret: Secret }) {
  const { t } = useTranslation();
  const ends = expires_at !== null && (rotate_at === null || expires_at < rotate_at);
  const at = ends ? expires_at : rotate_at;
  if (!at) return <span className="text-faint max-md:hidden">{t("vault.never")}</span>;
  return (
    <>
      {ends && <span>{t("vault.due_ends")} </span>}
      <Ago at={at} />
    </>
  );
}
