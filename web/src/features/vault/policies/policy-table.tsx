import { useTranslation } from "react-i18next";
import type { SecretPolicy } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Badge } from "@/ui/badge";
import { IconButton } from "@/ui/button";
import { Menu, MenuItem } from "@/ui/menu";
import { type Column, Table } from "@/ui/table";
import { Moment } from "@/ui/time";
import { Purposes, Subject } from "../subject";

interface PolicyTableProps {
  policies: SecretPolicy[];
  onEdit: (policy: SecretPolicy) => void;
  onRemove: (policy: SecretPolicy) => void;
}

export function PolicyTable({ policies, onEdit, onRemove }: PolicyTableProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const columns: Column<SecretPolicy>[] = [
    {
      key: "name",
      grows: true,
      className: "max-md:pe-10",
      heading: t("vault.policies.name"),
      cell: (policy) => (
        <>
          <bdi className="block font-medium wrap-anywhere">{policy.name}</bdi>
          <span className="text-sm text-faint">
            {format.list(policy.actions.map((action) => t(`vault.action.${action}`)))}{" "}
            <Purposes purposes={policy.purposes} />
          </span>
        </>
      ),
    },
    {
      key: "effect",
      heading: t("vault.policies.effect"),
      cell: (policy) =>
        policy.effect === "allow" ? (
          <Badge tone="ok">{t("vault.policies.allows")}</Badge>
        ) : (
          <Badge tone="danger">{t("vault.policies.denies")}</Badge>
        ),
    },
    {
      key: "who",
      heading: t("vault.policies.who"),
      className: "max-w-64",
      cell: (policy) => <Subject kind={policy.subject_kind} subject={policy.subject} effect={policy.effect} />,
    },
    {
      key: "secrets",
      heading: t("vault.policies.secrets"),
      cell: (policy) => (
        <bdi dir="ltr" className="block font-mono text-sm whitespace-normal wrap-break-word md:w-44 rtl:text-end">
          {policy.secrets}
        </bdi>
      ),
    },
    {
      key: "ends",
      heading: t("vault.policies.ends"),
      wideOnly: "xl",
      className: "text-sm text-muted",
      cell: (policy) => <Ends at={policy.expires_at} />,
    },
    {
      key: "menu",
      heading: t("common.actions"),
      quiet: true,
      className: "max-md:absolute max-md:end-3 max-md:top-2 md:text-end",
      cell: (policy) => (
        <Menu trigger={<IconButton icon="more" label={t("vault.policies.more", { name: policy.name })} />}>
          <MenuItem icon="pencil" onSelect={() => onEdit(policy)}>
            {t("vault.policies.edit")}
          </MenuItem>
          <MenuItem icon="trash" danger onSelect={() => onRemove(policy)}>
            {t("vault.policies.remove")}
          </MenuItem>
        </Menu>
      ),
    },
  ];
  return <Table caption={t("vault.tabs.policies")} columns={columns} rows={policies} rowKey={(policy) => policy.id} />;
}

function Ends({ at }: { at: string | null }) {
  const { t } = useTranslation();
  if (!at) return <span className="text-faint">{t("vault.never")}</span>;
  if (new Date(at).getTime() <= Date.now()) return <Badge tone="warn">{t("vault.policies.ended")}</Badge>;
  return <Moment at={at} />;
}
