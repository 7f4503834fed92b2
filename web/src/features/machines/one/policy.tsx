import { useTranslation } from "react-i18next";
import { CopyButton } from "@/ui/copy-button";
import { Notice } from "@/ui/notice";
import { Section } from "@/ui/page";
import { EmptyState } from "@/ui/states";
import { RuleRequests } from "../rules/rule-requests";
import { useMachine } from "./use-machine";

/** The file in force, to be read: only on the machine it can be changed. */
export default function Policy() {
  const machine = useMachine();
  return (
    <>
      <InForce />
      <RuleRequests machine={machine} />
    </>
  );
}

function InForce() {
  const { t } = useTranslation();
  const machine = useMachine();
  if (!machine.policy_text) {
    return (
      <EmptyState icon="shield" title={t("machines.policy.none")}>
        {t("machines.policy.none_text")}
      </EmptyState>
    );
  }
  return (
    <Section
      title={t("machines.policy.title")}
      lead={t("machines.policy.lead")}
      actions={<CopyButton text={machine.policy_text} label={t("common.copy")} />}
    >
      {machine.policy_fault && (
        <Notice tone="warn" className="mb-4">
          {t("machines.policy.older")}
        </Notice>
      )}
      {machine.policy_hash && (
        <p className="mb-3 text-sm text-muted">
          {t("machines.policy.hash")}{" "}
          <bdi dir="ltr" className="font-mono text-xs wrap-anywhere">
            {machine.policy_hash}
          </bdi>
        </p>
      )}
      <section
        dir="ltr"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
        aria-label={t("machines.policy.title")}
        className="max-h-[70vh] overflow-auto rounded-md border border-line bg-raised p-4"
      >
        <pre className="font-mono text-sm">{machine.policy_text}</pre>
      </section>
    </Section>
  );
}
