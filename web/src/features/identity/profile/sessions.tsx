import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { pagedQuery } from "@/api/queries";
import { Button } from "@/ui/button";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Section } from "@/ui/page";
import { useProblemText } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { SessionLine } from "../session-line";

const sessionsQuery = pagedQuery(["sessions", "mine"], (cursor, signal) =>
  unwrap(api.GET("/me/sessions", { params: { query: { cursor } }, signal })),
);

export default function Sessions() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const text = useProblemText();
  const sessions = useInfiniteQuery(sessionsQuery);
  const refresh = () => queries.invalidateQueries({ queryKey: ["sessions"] });
  const onError = (error: unknown) => toast(text(error), "danger");
  const revoke = useMutation({
    mutationFn: (id: string) => unwrap(api.DELETE("/me/sessions/{id}", { params: { path: { id } } })),
    onSuccess: refresh,
    onError,
  });
  const revokeOthers = useMutation({
    mutationFn: () => unwrap(api.POST("/me/sessions/revoke-others")),
    onSuccess: ({ revoked }) => {
      toast(t("profile.sessions.revoked", { count: revoked }));
      return refresh();
    },
    onError,
  });
  const hasOthers = sessions.data?.some((session) => !session.current);
  return (
    <Section
      title={t("profile.sessions.title")}
      lead={t("profile.sessions.lead")}
      actions={
        hasOthers && (
          <Button busy={revokeOthers.isPending} onClick={() => revokeOthers.mutate()}>
            {t("profile.sessions.revoke_others")}
          </Button>
        )
      }
    >
      <ListState query={sessions} empty={<p className="text-muted">{t("profile.sessions.empty")}</p>}>
        {(items) => (
          <ul className="-mx-5 -mb-5 divide-y divide-line border-t border-line">
            {items.map((session) => (
              <SessionLine
                key={session.id}
                session={session}
                action={
                  !session.current && (
                    <Button
                      size="sm"
                      busy={revoke.isPending && revoke.variables === session.id}
                      aria-label={t("profile.sessions.revoke_named", { name: session.client_name })}
                      onClick={() => revoke.mutate(session.id)}
                    >
                      {t("profile.sessions.revoke")}
                    </Button>
                  )
                }
              />
            ))}
          </ul>
        )}
      </ListState>
      <LoadMore query={sessions} />
    </Section>
  );
}
