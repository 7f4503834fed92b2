// Many secrets at once: what is brought, what would become of it, what became of it. Values are in the form and in the
// request, never on the screen, and gone when the dialog is.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { type ProblemError, toProblem } from "@/api/problem";
import { Dialog } from "@/ui/dialog";
import { allSecretsQuery } from "../queries";
import { useRefresh } from "../use-vault";
import { Bring, type Choices } from "./bring";
import { isTaken, parcels, planOf, type Row } from "./plan";
import { Preview } from "./preview";
import type { Brought } from "./read";
import { type Report, Result } from "./result";

interface Plan {
  rows: Row[];
  replace: boolean;
  /** There are more secrets than were compared with. */
  moreThere: boolean;
}

export function ImportDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const refresh = useRefresh();
  const [plan, setPlan] = useState<Plan | null>(null);
  const [report, setReport] = useState<Report | null>(null);

  async function look(brought: Brought[], choices: Choices) {
    const known = await queries.fetchQuery({ ...allSecretsQuery, staleTime: 0 });
    const rows = planOf(brought, { ...choices, known: known.items });
    setPlan({ rows, replace: choices.replace, moreThere: known.more });
  }

  async function send({ rows, replace }: Plan) {
    const done = await sendAll(rows.filter(isTaken), replace);
    setReport(done);
    await refresh();
  }

  return (
    <Dialog
      wide
      open
      onClose={onClose}
      title={t("vault.import.title")}
      description={report || plan ? undefined : t("vault.import.lead")}
    >
      {report && <Result report={report} onClose={onClose} />}
      {plan && !report && <Preview {...plan} onSend={() => send(plan)} onBack={() => setPlan(null)} />}
      {/* It stays behind the preview, so that going back finds everything as it was. */}
      {!report && <Bring hidden={plan !== null} onLook={look} onClose={onClose} />}
    </Dialog>
  );
}

/** One request after the other; when one fails, what was done before it is told with it. */
async function sendAll(rows: Row[], replace: boolean): Promise<Report> {
  const report: Report = { created: [], replaced: [], refused: [], unsent: 0, problem: null };
  for (const parcel of parcels(rows)) {
    if (report.problem) {
      report.unsent += parcel.length;
      continue;
    }
    try {
      const secrets = parcel.map(({ name, kind, value }) => ({ name, kind, value }));
      const part = await unwrap(api.POST("/secrets/import", { body: { secrets, replace } }));
      report.created.push(...part.created);
      report.replaced.push(...part.replaced);
      report.refused.push(...part.refused);
    } catch (error) {
      report.problem = toProblem(error) satisfies ProblemError;
      report.unsent += parcel.length;
    }
  }
  return report;
}
