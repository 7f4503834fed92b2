import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { pagedQuery } from "@/api/queries";
import type { ApiToken } from "@/api/types";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Section } from "@/ui/page";
import { EmptyState } from "@/ui/states";
import { CreateToken } from "./create-token";
import { TokenLine } from "./token-line";

const tokensQuery = pagedQuery(["me", "tokens"], (cursor, signal) =>
  unwrap(api.GET("/me/tokens", { params: { query: { cursor } }, signal })),
);

export default function Tokens() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiToken | null>(null);
  const tokens = useInfiniteQuery(tokensQuery);
  const refresh = () => queries.invalidateQueries({ queryKey: tokensQuery.queryKey });
  const create = (
    <Button look="primary" icon="plus" onClick={() => setCreating(true)}>
      {t("profile.tokens.create")}
    </Button>
  );
  return (
    <Section
      title={t("profile.tokens.title")}
      lead={t("profile.tokens.lead")}
      actions={tokens.data && tokens.data.length > 0 && create}
    >
      <ListState
        query={tokens}
        empty={
          <EmptyState icon="key" title={t("profile.tokens.empty")} action={create}>
            {t("profile.tokens.empty_text")}
          </EmptyState>
        }
      >
        {(items) => (
          <ul className="-mx-5 -mb-5 divide-y divide-line border-t border-line">
            {items.map((token) => (
              <TokenLine key={token.id} token={token} onRevoke={() => setRevoking(token)} />
            ))}
          </ul>
        )}
      </ListState>
      <LoadMore query={tokens} />
      {creating && <CreateToken onCreated={refresh} onClose={() => setCreating(false)} />}
      {revoking && (
        <Confirm
          title={t("profile.tokens.revoke_title", { name: revoking.name })}
          action={t("profile.tokens.revoke")}
          run={async () => {
            await unwrap(api.DELETE("/me/tokens/{id}", { params: { path: { id: revoking.id } } }));
            await refresh();
          }}
          onClose={() => setRevoking(null)}
        >
          {t("profile.tokens.revoke_text")}
        </Confirm>
      )}
    </Section>
  );
}
