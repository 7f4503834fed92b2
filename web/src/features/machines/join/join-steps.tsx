import { useTranslation } from "react-i18next";
import type { JoinToken } from "@/api/types";
import { Spinner } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import { isolated } from "../use-machines";

const steps = ["waiting", "joined", "connected"] as const;
/** How many steps are behind a machine that stands so. */
const behind = { waiting: 0, joined: 2, connected: 3 };

interface JoinStepsProps {
  state: Extract<JoinToken["state"], (typeof steps)[number]>;
  name: string;
}

export function JoinSteps({ state, name }: JoinStepsProps) {
  const { t } = useTranslation();
  const at = behind[state];
  return (
    <section aria-label={t("machines.join.progress")} className="rounded-md border border-line p-4">
      <ol className="grid gap-3">
        {steps.map((step, n) => {
          const done = n < at;
          const now = n === at;
          return (
            <li key={step} aria-current={now ? "step" : undefined} className="flex items-start gap-3">
              <span
                className={cx(
                  "grid size-6 shrink-0 place-items-center rounded-full text-xs",
                  done ? "bg-ok-soft text-ok" : now ? "bg-accent-soft text-accent" : "bg-raised text-faint",
                )}
              >
                {done ? <Icon name="check" className="size-3.5" /> : now ? <Spinner /> : n + 1}
              </span>
              <span className={cx("pt-0.5", done || now ? "text-ink" : "text-faint")}>
                {t(done ? `machines.join.step_${step}_done` : `machines.join.step_${step}`)}
              </span>
            </li>
          );
        })}
      </ol>
      <p role="status" className="sr-only">
        {t(`machines.join.now_${state}`, { name: isolated(name) })}
      </p>
    </section>
  );
}
