// The few steps that make a new installation safe and shared. Gone once all are done, or when somebody hides it.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Status } from "@/api/types";
import { recall, remember } from "@/app/storage";
import { IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import { Card } from "@/ui/page";
import { BackupDialog } from "./backup-dialog";
import { type Step, useSteps } from "./use-steps";

export function SetupSteps({ status }: { status: Status }) {
  const { t } = useTranslation();
  const [hidden, setHidden] = useState(() => recall("setup-hidden") !== null);
  const [planning, setPlanning] = useState(false);
  const [backedUp, setBackedUp] = useState(() => recall("backup-planned") !== null);
  const steps = useSteps(status, backedUp);
  const done = steps.filter((step) => step.done).length;
  if (hidden || done === steps.length) return null;

  const hide = () => {
    remember("setup-hidden", "yes");
    setHidden(true);
  };
  const planned = () => {
    remember("backup-planned", "yes");
    setBackedUp(true);
    setPlanning(false);
  };
  return (
    <Card>
      <header className="flex items-center gap-4 py-2 ps-5 pe-2">
        <h2 className="font-semibold">{t("overview.start.title")}</h2>
        <Progress done={done} of={steps.length} />
        <IconButton icon="close" label={t("overview.start.hide")} onClick={hide} className="ms-auto" />
      </header>
      <ul className="grid gap-px sm:grid-cols-2 lg:grid-flow-col lg:auto-cols-fr lg:grid-cols-none">
        {steps.map((step) => (
          <li key={step.name} className="shadow-[0_0_0_1px_var(--line)] sm:max-lg:last:odd:col-span-2">
            <StepLink step={step} onPlan={() => setPlanning(true)} />
          </li>
        ))}
      </ul>
      {planning && <BackupDialog engine={status.database.engine} onDone={planned} onClose={() => setPlanning(false)} />}
    </Card>
  );
}

function Progress({ done, of }: { done: number; of: number }) {
  const { t } = useTranslation();
  return (
    <span className="flex items-center gap-3 text-sm text-faint">
      <span aria-hidden="true" className="hidden h-1.5 w-24 overflow-hidden rounded-full bg-raised sm:block">
        <span className="block h-full rounded-full bg-ok" style={{ width: `${(done / of) * 100}%` }} />
      </span>
      {t("overview.start.progress", { done, of })}
    </span>
  );
}

const look =
  "flex size-full items-start gap-3 p-5 text-start outline-offset-[-2px] transition-colors hover:bg-raised/60 lg:flex-col lg:gap-2.5";

function StepLink({ step, onPlan }: { step: Step; onPlan: () => void }) {
  const { t } = useTranslation();
  const content = (
    <>
      <span
        className={cx(
          "grid size-7 shrink-0 place-items-center rounded-full",
          step.done ? "bg-ok-soft text-ok" : "bg-accent-soft text-accent",
        )}
      >
        <Icon name={step.done ? "check" : step.icon} className="size-4" />
      </span>
      <span>
        <span className={cx("block", step.done ? "text-faint" : "font-medium")}>
          {t(`overview.start.${step.name}`)}
          {step.done && <span className="sr-only"> — {t("common.done")}</span>}
        </span>
        {!step.done && <span className="block text-sm text-faint">{t(`overview.start.${step.name}_why`)}</span>}
      </span>
    </>
  );
  if (!step.way) {
    return (
      <button type="button" onClick={onPlan} className={look}>
        {content}
      </button>
    );
  }
  return (
    <Link {...step.way} className={look}>
      {content}
    </Link>
  );
}
