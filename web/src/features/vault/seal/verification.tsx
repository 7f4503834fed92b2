import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import type { VaultVerification } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Button } from "@/ui/button";
import { Notice } from "@/ui/notice";
import { Section } from "@/ui/page";
import { ProblemNotice } from "@/ui/problem";
import { Fact, Facts } from "../facts";

export function Verification() {
  const { t } = useTranslation();
  const verify = useMutation({ mutationFn: () => unwrap(api.POST("/vault/verify")) });
  return (
    <Section
      title={t("vault.verify.title")}
      lead={t("vault.verify.lead")}
      actions={
        <Button icon="shield-check" busy={verify.isPending} onClick={() => verify.mutate()}>
          {t("vault.verify.action")}
        </Button>
      }
    >
      <ProblemNotice problem={verify.error ? toProblem(verify.error) : null} />
      {verify.data && <Verdict found={verify.data} />}
      {!verify.data && !verify.error && <p className="text-muted">{t("vault.verify.not_yet")}</p>}
    </Section>
  );
}

function Verdict({ found }: { found: VaultVerification }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className="grid gap-4">
      <Notice
        live
        tone={found.ok ? "ok" : "danger"}
        title={found.ok ? t("vault.verify.ok") : t("vault.verify.faults", { count: found.faults.length })}
      />
      {found.faults.length > 0 && (
        <ul className="divide-y divide-line rounded-md border border-line">
          {found.faults.map((fault) => (
            <li
              key={`${fault.about} ${fault.id} ${fault.name} ${fault.version} ${fault.kind}`}
              className="flex flex-wrap gap-x-6 gap-y-0.5 px-4 py-3"
            >
              <Culprit fault={fault} />
              {fault.version != null && (
                <span className="text-muted">{t("vault.version_n", { n: format.number(fault.version) })}</span>
              )}
              <span className="text-danger">{t(`vault.verify.fault_${fault.kind}`)}</span>
            </li>
          ))}
        </ul>
      )}
      <Facts>
        <Fact label={t("vault.verify.secrets")}>{format.number(found.secrets)}</Fact>
        <Fact label={t("vault.verify.values")}>{format.number(found.values)}</Fact>
        {found.elsewhere > 0 && <Fact label={t("vault.verify.elsewhere")}>{format.number(found.elsewhere)}</Fact>}
      </Facts>
    </div>
  );
}

function Culprit({ fault }: { fault: VaultVerification["faults"][number] }) {
  const { t } = useTranslation();
  const name = <bdi dir="ltr">{fault.name || fault.id}</bdi>;
  if (fault.about !== "secret") {
    return (
      <span className="break-all">
        {t(`vault.verify.about_${fault.about}`)} <span className="font-mono text-sm font-medium">{name}</span>
      </span>
    );
  }
  return (
    <Link
      to="/secrets/$id"
      params={{ id: fault.id }}
      className="font-mono text-sm font-medium break-all hover:underline"
    >
      {name}
    </Link>
  );
}
