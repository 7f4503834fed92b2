import { useTranslation } from "react-i18next";
import type { Invitation } from "@/api/types";
import { Badge, type Tone } from "@/ui/badge";
import { IconButton } from "@/ui/button";
import { Menu, MenuItem } from "@/ui/menu";
import { type Column, Table } from "@/ui/table";
import { Ago } from "@/ui/time";

const statusTones: Record<Invitation["status"], Tone> = {
  pending: "accent",
  accepted: "ok",
  expired: "warn",
  revoked: "plain",
};

interface InvitationTableProps {
  invitations: Invitation[];
  onResend: (invitation: Invitation) => void;
  onRevoke: (invitation: Invitation) => void;
}

export function InvitationTable({ invitations, onResend, onRevoke }: InvitationTableProps) {
  const { t } = useTranslation();
  const columns: Column<Invitation>[] = [
    {
      key: "email",
      grows: true,
      heading: t("sign_in.email"),
      cell: (one) => (
        <span className="block">
          <bdi dir="ltr" className="block truncate font-medium">
            {one.email}
          </bdi>
          <span className="block truncate text-sm text-faint">
            {one.invited_by && (
              <>
                {t("people.invite.by")} <bdi>{one.invited_by.name}</bdi> ·{" "}
              </>
            )}
            <Ago at={one.created_at} />
          </span>
        </span>
      ),
    },
    { key: "role", heading: t("people.role"), cell: (one) => <Badge>{t(`role.${one.role}`)}</Badge> },
    {
      key: "status",
      heading: t("people.status"),
      cell: (one) => <Badge tone={statusTones[one.status]}>{t(`people.invite.status_${one.status}`)}</Badge>,
    },
    {
      key: "expires",
      heading: t("people.invite.expires"),
      wideOnly: true,
      cell: (one) => (one.status === "pending" ? <Ago at={one.expires_at} /> : <span className="text-faint">—</span>),
    },
    {
      key: "actions",
      heading: t("common.actions"),
      quiet: true,
      className: "ms-auto text-end",
      cell: (one) =>
        (one.status === "pending" || one.status === "expired") && (
          <Menu trigger={<IconButton icon="more" label={t("people.invite.actions_for", { email: one.email })} />}>
            <MenuItem icon="refresh" onSelect={() => onResend(one)}>
              {t("people.invite.resend")}
            </MenuItem>
            {one.status === "pending" && (
              <MenuItem icon="trash" danger onSelect={() => onRevoke(one)}>
                {t("people.invite.revoke")}
              </MenuItem>
            )}
          </Menu>
        ),
    },
  ];
  return <Table caption={t("people.tabs.invitations")} columns={columns} rows={invitations} rowKey={(one) => one.id} />;
}
