import { useTranslation } from "react-i18next";
import type { Role, User } from "@/api/types";
import { Avatar } from "@/ui/avatar";
import { Badge, type Tone } from "@/ui/badge";
import { Icon } from "@/ui/icon";
import { type Column, Table } from "@/ui/table";
import { Ago } from "@/ui/time";

const roleTones: Record<Role, Tone> = { owner: "accent", admin: "accent", developer: "plain", viewer: "plain" };

interface PeopleTableProps {
  people: User[];
  onOpen: (id: string) => void;
}

export function PeopleTable({ people, onOpen }: PeopleTableProps) {
  const { t } = useTranslation();
  const columns: Column<User>[] = [
    {
      key: "name",
      grows: true,
      heading: t("people.name"),
      cell: (person) => (
        <span className="flex items-center gap-3">
          <Avatar name={person.name} url={person.avatar_url ?? null} />
          <span className="min-w-0">
            <button
              type="button"
              onClick={() => onOpen(person.id)}
              className="block max-w-full truncate rounded-sm text-start font-medium after:absolute after:inset-0 hover:underline"
            >
              <bdi>{person.name}</bdi>
            </button>
            <bdi dir="ltr" className="block truncate text-sm text-faint">
              {person.email}
            </bdi>
          </span>
        </span>
      ),
    },
    {
      key: "role",
      heading: t("people.role"),
      className: "ps-11",
      cell: (person) => <Badge tone={roleTones[person.role]}>{t(`role.${person.role}`)}</Badge>,
    },
    {
      key: "two_factor",
      heading: t("people.two_factor"),
      wideOnly: true,
      cell: (person) =>
        person.two_factor ? (
          <span className="inline-flex items-center gap-1.5 text-ok">
            <Icon name="shield-check" />
            {t("people.two_factor_on")}
          </span>
        ) : (
          <span className="text-faint">{t("people.two_factor_off")}</span>
        ),
    },
    {
      key: "seen",
      heading: t("people.last_seen"),
      cell: (person) =>
        person.status === "disabled" ? (
          <Badge tone="warn">{t("people.disabled")}</Badge>
        ) : (
          <span className="text-sm text-muted">
            {person.last_seen_at ? <Ago at={person.last_seen_at} /> : t("people.never_seen")}
          </span>
        ),
    },
  ];
  return <Table caption={t("places.people")} columns={columns} rows={people} rowKey={(person) => person.id} />;
}
