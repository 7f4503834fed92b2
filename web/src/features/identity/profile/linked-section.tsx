// Accounts at outside providers that may sign in to this one.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import { setupQuery } from "@/api/queries";
import type { LinkedIdentity } from "@/api/types";
import { Button, IconButton } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Icon } from "@/ui/icon";
import { ListState } from "@/ui/list-state";
import { Section } from "@/ui/page";
import { ProblemNotice } from "@/ui/problem";
import { Ago } from "@/ui/time";

export function LinkedSection() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [removing, setRemoving] = useState<LinkedIdentity | null>(null);
  const providers = useQuery(setupQuery).data?.sign_in.oidc ?? [];
  const linked = useQuery({
    queryKey: ["me", "identities"],
    queryFn: async ({ signal }) => (await unwrap(api.GET("/me/identities", { signal }))).items,
  });
  const link = useMutation({
    mutationFn: (provider: string) =>
      unwrap(api.POST("/me/identities/{provider}/start", { params: { path: { provider } } })),
    onSuccess: ({ url }) => location.assign(url),
  });
  const free = providers.filter(({ id }) => !linked.data?.some((one) => one.provider === id));
  if (providers.length === 0 && !linked.data?.length) return null;
  return (
    <Section title={t("profile.linked.title")} lead={t("profile.linked.lead")}>
      <div className="grid gap-4">
        <ProblemNotice problem={link.error ? toProblem(link.error) : null} />
        <ListState query={linked} rows={1} empty={<p className="text-muted">{t("profile.linked.empty")}</p>}>
          {(items) => (
            <ul className="divide-y divide-line rounded-md border border-line">
              {items.map((one) => (
                <LinkedLine key={one.id} identity={one} onRemove={() => setRemoving(one)} />
              ))}
            </ul>
          )}
        </ListState>
        <div className="flex flex-wrap gap-2 empty:hidden">
          {free.map(({ id, label }) => (
            <Button key={id} icon="link" busy={link.isPending && link.variables === id} onClick={() => link.mutate(id)}>
              {t("profile.linked.link", { provider: label })}
            </Button>
          ))}
        </div>
      </div>
      {removing && (
        <Confirm
          title={t("profile.linked.unlink", { provider: removing.label })}
          action={t("common.remove")}
          run={async () => {
            await unwrap(api.DELETE("/me/identities/{id}", { params: { path: { id: removing.id } } }));
            await queries.invalidateQueries({ queryKey: ["me"] });
          }}
          onClose={() => setRemoving(null)}
        >
          {t("profile.linked.unlink_text")}
        </Confirm>
      )}
    </Section>
  );
}

function LinkedLine({ identity, onRemove }: { identity: LinkedIdentity; onRemove: () => void }) {
  const { t } = useTranslation();
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <Icon name="shield" className="text-faint" />
      <div className="min-w-0 flex-1">
        <bdi className="block truncate font-medium">{identity.label}</bdi>
        <p className="text-sm text-faint">
          {identity.email && <bdi dir="ltr">{identity.email}</bdi>}
          {identity.email && identity.last_used_at && " · "}
          {identity.last_used_at && (
            <>
              {t("common.last_used")} <Ago at={identity.last_used_at} />
            </>
          )}
        </p>
      </div>
      <IconButton icon="trash" label={t("profile.linked.unlink", { provider: identity.label })} onClick={onRemove} />
    </li>
  );
}
