// Who may do something with a secret, and by which policy.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { SecretAction, SecretReader } from "@/api/types";
import { Avatar } from "@/ui/avatar";
import { Choice } from "@/ui/choice";
import { Icon } from "@/ui/icon";
import { ListState } from "@/ui/list-state";
import { Section } from "@/ui/page";
import { readersQuery } from "../queries";
import { Purposes, subjectIcons } from "../subject";

export function Readers({ id }: { id: string }) {
  const { t } = useTranslation();
  const [action, setAction] = useState<SecretAction>("read");
  const readers = useQuery({ ...readersQuery(id, action), placeholderData: (before) => before });
  const actions = ["read", "write", "rotate"] as const;
  return (
    <Section title={t(`vault.readers.title_${action}`)} lead={t("vault.readers.lead")}>
      <div className="mb-4 flex">
        <Choice
          label={t("vault.action.label")}
          value={action}
          options={actions.map((one) => ({ value: one, label: t(`vault.action.${one}`) }))}
          onChange={setAction}
        />
      </div>
      <div className="-mx-5 -mb-5 border-t border-line">
        <ListState query={readers} rows={2} empty={<p className="p-5 text-muted">{t("vault.readers.nobody")}</p>}>
          {(items) => (
            <ul className="divide-y divide-line">
              {items.map((reader) => (
                <ReaderLine key={`${reader.kind} ${reader.subject}`} reader={reader} />
              ))}
            </ul>
          )}
        </ListState>
      </div>
    </Section>
  );
}

function ReaderLine({ reader }: { reader: SecretReader }) {
  const { t } = useTranslation();
  const name = reader.name ?? (reader.subject === "*" ? t(`vault.subject.everyone_${reader.kind}`) : reader.subject);
  return (
    <li className="flex items-center gap-3 px-5 py-3">
      {reader.kind === "user" ? (
        <Avatar name={name} />
      ) : (
        <span className="grid size-8 shrink-0 place-items-center rounded-full bg-raised text-muted">
          <Icon name={subjectIcons[reader.kind]} />
        </span>
      )}
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">
          {reader.kind !== "user" && reader.subject !== "*" && (
            <span className="font-normal text-muted">{t(`vault.subject.${reader.kind}`)} </span>
          )}
          <bdi>{name}</bdi>
        </p>
        <p className="text-sm text-muted">
          {reader.policy === null ? (
            t("vault.readers.past_policies")
          ) : (
            <>
              {t("vault.readers.by_policy")} <bdi className="text-ink">{reader.policy}</bdi>
            </>
          )}
        </p>
        {reader.purposes.length > 0 && (
          <p className="text-sm text-muted">
            {t("vault.readers.only_for")} <Purposes purposes={reader.purposes} />
          </p>
        )}
        {reader.not_for.length > 0 && (
          <p className="text-sm text-muted">
            {t("vault.readers.not_for")} <Purposes purposes={reader.not_for} />
          </p>
        )}
        {reader.except.length > 0 && (
          <p className="text-sm text-muted">
            {t("vault.readers.except")} <bdi>{reader.except.join(" ")}</bdi>
          </p>
        )}
      </div>
    </li>
  );
}
