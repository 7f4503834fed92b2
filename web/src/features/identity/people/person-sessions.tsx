import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import { pagedQuery } from "@/api/queries";
import { Button } from "@/ui/button";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { SessionLine } from "../session-line";

function sessionsOf(id: string) {
  return pagedQuery(["sessions", id], (cursor, signal) =>
    unwrap(api.GET("/users/{id}/sessions", { params: { path: { id }, query: { cursor } }, signal })),
  );
}

export function PersonSessions({ id }: { id: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const sessions = useInfiniteQuery(sessionsOf(id));
  const revoke = useMutation({
    mutationFn: () => unwrap(api.DELETE("/users/{id}/sessions", { params: { path: { id } } })),
    onSuccess: ({ revoked }) => {
      toast(t("profile.sessions.revoked", { count: revoked }));
      return queries.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  return (
    <section>
      <header className="mb-3 flex items-center justify-between">
        <h3 className="font-semibold">{t("people.sessions")}</h3>
        {sessions.data && sessions.data.length > 0 && (
          <Button size="sm" busy={revoke.isPending} onClick={() => revoke.mutate()}>
            {t("people.sign_out_everywhere")}
          </Button>
        )}
      </header>
      <ProblemNotice problem={revoke.error ? toProblem(revoke.error) : null} />
      <div className="rounded-md border border-line">
        <ListState query={sessions} rows={2} empty={<p className="p-4 text-muted">{t("people.no_sessions")}</p>}>
          {(items) => (
            <ul className="divide-y divide-line">
              {items.map((session) => (
                <SessionLine key={session.id} session={session} />
              ))}
            </ul>
          )}
        </ListState>
        <LoadMore query={sessions} />
      </div>
    </section>
  );
}
