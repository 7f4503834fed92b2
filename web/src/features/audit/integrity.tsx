import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import { pagedQuery } from "@/api/queries";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Section } from "@/ui/page";
import { ProblemNotice } from "@/ui/problem";
import { SecretLine } from "@/ui/secret-line";
import { Skeleton } from "@/ui/states";
import { Moment } from "@/ui/time";
import { Verdict } from "./verdict";

const checkpointsQuery = pagedQuery(["audit", "checkpoints"], (cursor, signal) =>
  unwrap(api.GET("/audit/checkpoints", { params: { query: { cursor } }, signal })),
);

export function Integrity() {
  const { t } = useTranslation();
  const verify = useMutation({ mutationFn: () => unwrap(api.POST("/audit/verify")) });
  const key = useQuery({
    queryKey: ["audit", "key"],
    queryFn: ({ signal }) => unwrap(api.GET("/audit/key", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <>
      <Section
        title={t("audit.integrity.title")}
        lead={t("audit.integrity.lead")}
        actions={
          <Button look="primary" icon="shield-check" busy={verify.isPending} onClick={() => verify.mutate()}>
            {t("audit.integrity.verify")}
          </Button>
        }
      >
        <ProblemNotice problem={verify.error ? toProblem(verify.error) : null} />
        {verify.data ? <Verdict result={verify.data} /> : <p className="text-muted">{t("audit.integrity.not_yet")}</p>}
      </Section>
      <Section title={t("audit.integrity.key")} lead={t("audit.integrity.key_lead")}>
        {key.isPending && <Skeleton className="h-10" />}
        <ProblemNotice problem={key.error ? toProblem(key.error) : null} />
        {key.data && <SecretLine text={key.data.public_key} />}
      </Section>
      <Section title={t("audit.integrity.checkpoints")} lead={t("audit.integrity.checkpoints_lead")}>
        <Checkpoints />
      </Section>
    </>
  );
}

function Checkpoints() {
  const { t } = useTranslation();
  const format = useFormat();
  const checkpoints = useInfiniteQuery(checkpointsQuery);
  return (
    <div className="-mx-5 -mb-5 border-t border-line">
      <ListState
        query={checkpoints}
        rows={3}
        empty={<p className="p-5 text-muted">{t("audit.integrity.no_checkpoints")}</p>}
      >
        {(items) => (
          <ul className="divide-y divide-line">
            {items.map((checkpoint) => (
              <li
                key={checkpoint.seq}
                className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1 px-5 py-3"
              >
                <span>{t("audit.integrity.up_to", { seq: format.number(checkpoint.seq) })}</span>
                <bdi
                  dir="ltr"
                  className="order-last min-w-0 basis-full truncate font-mono text-xs text-faint sm:order-none sm:flex-1 sm:basis-0"
                >
                  {checkpoint.hash}
                </bdi>
                <span className="text-sm text-muted">
                  <Moment at={checkpoint.at} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </ListState>
      <LoadMore query={checkpoints} />
    </div>
  );
}
