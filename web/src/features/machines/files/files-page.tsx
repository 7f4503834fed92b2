// The files of one machine, directory by directory: looked through, downloaded, uploaded. Everything goes through
// the machine's policy.
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { MachineDetail } from "@/api/types";
import { useCan } from "@/app/me";
import { IconButton } from "@/ui/button";
import { Field, Select } from "@/ui/field";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Notice } from "@/ui/notice";
import { Card, Section } from "@/ui/page";
import { NoPermission } from "@/ui/problem";
import { EmptyState, SkeletonRows } from "@/ui/states";
import { useVerdict } from "../command/use-verdict";
import { VerdictNotice } from "../command/verdict";
import { useMachine } from "../one/use-machine";
import { RootField } from "../root-field";
import { rootsQuery } from "../roots";
import { isThere } from "../state";
import { filesQuery, listing, puttingInto } from "./access";
import { FileTable } from "./file-table";
import { type Place, tidyPath, wayTo } from "./place";
import { UploadArea } from "./upload-area";

const route = getRouteApi("/signed-in/shell/machines/$id/files");

export default function FilesPage() {
  const mayRun = useCan("commands.run");
  return mayRun ? <Files /> : <NoPermission />;
}

function Files() {
  const { t } = useTranslation();
  const machine = useMachine();
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/machines/$id/files" });
  const known = useQuery(rootsQuery(machine.id));
  const roots = (known.data ?? []).map(({ name }) => name);
  const root = search.root ?? roots[0] ?? "";
  const place = { root, path: tidyPath(search.path ?? "") };
  const choose = (next: string) => void navigate({ search: { root: next } });
  if (!isThere(machine)) return <Notice>{t("files.away")}</Notice>;
  if (known.isPending) {
    return (
      <Card>
        <SkeletonRows />
      </Card>
    );
  }
  return (
    <Section
      title={t("files.title")}
      lead={t("files.lead")}
      actions={
        roots.length > 1 && (
          <Field label={t("commands.field.root")} hideLabel>
            <Select value={root} onChange={(event) => choose(event.target.value)} className="min-w-40">
              {(roots.includes(root) ? roots : [root, ...roots]).map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </Select>
          </Field>
        )
      }
    >
      {root === "" ? (
        <RootField roots={roots} value={root} onChange={choose} />
      ) : (
        <Directory machine={machine} place={place} />
      )}
    </Section>
  );
}

function Directory({ machine, place }: { machine: MachineDetail; place: Place }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const query = filesQuery(machine.id, place);
  const files = useInfiniteQuery(query);
  const refused = useVerdict(machine, files.error ? listing(place) : null).verdict;
  const put = useVerdict(machine, puttingInto(place)).verdict;
  const isRefused = files.error && refused && refused.decision !== "allow";
  // What is not there cannot be judged either; that is no matter of the policy.
  const isAbsent = isRefused && refused.reasons.length > 0 && refused.reasons.every(({ code }) => code === "absent");
  return (
    <UploadArea machine={machine} place={place} mayPut={put?.decision !== "deny"}>
      <div className="flex items-center justify-between gap-3">
        <Way place={place} />
        <IconButton
          icon="refresh"
          label={t("files.refresh")}
          onClick={() => queries.invalidateQueries({ queryKey: query.queryKey })}
        />
      </div>
      {put && put.decision !== "allow" && (
        <div className="mt-3">
          <p className="mb-1 text-sm text-muted">{t("files.upload.policy")}</p>
          <VerdictNotice verdict={put} />
        </div>
      )}
      <div className="-mx-5 mt-3 -mb-5 border-t border-line">
        {isAbsent ? (
          <EmptyState icon="folder" title={t("problem.file_absent")} />
        ) : isRefused ? (
          <div className="p-5">
            <VerdictNotice verdict={refused} live />
          </div>
        ) : (
          <>
            <ListState
              query={files}
              rows={6}
              empty={
                <EmptyState icon="folder" title={t("files.empty")}>
                  {t("files.empty_text")}
                </EmptyState>
              }
            >
              {(items) => <FileTable machine={machine.id} place={place} files={items} />}
            </ListState>
            <LoadMore query={files} />
          </>
        )}
      </div>
    </UploadArea>
  );
}

/** The way from the root down to here; each step leads back. */
function Way({ place }: { place: Place }) {
  const { t } = useTranslation();
  const steps = wayTo(place);
  return (
    <nav aria-label={t("files.way")} dir="ltr" className="min-w-0">
      <ol className="flex flex-wrap items-center gap-x-1 font-mono text-sm rtl:justify-end">
        {steps.map(({ name, place: { root, path } }, at) => (
          <li key={path} className="flex min-w-0 items-center gap-1">
            {at > 0 && (
              <span aria-hidden="true" className="text-faint">
                /
              </span>
            )}
            <Link
              to="."
              search={path ? { root, path } : { root }}
              aria-current={at === steps.length - 1 ? "page" : undefined}
              className="inline-flex min-h-8 items-center rounded-sm px-1 wrap-anywhere text-accent underline-offset-2 hover:underline aria-[current=page]:font-medium aria-[current=page]:text-ink pointer-coarse:min-h-11"
            >
              <bdi>{name}</bdi>
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  );
}
