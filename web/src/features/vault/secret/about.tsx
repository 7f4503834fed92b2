// What is known about a secret without its value.
import { useTranslation } from "react-i18next";
import type { Secret } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Section } from "@/ui/page";
import { SecretLine } from "@/ui/secret-line";
import { Ago, Moment } from "@/ui/time";
import { Code, Fact, Facts } from "../facts";
import { usePersonName } from "../use-vault";
import { PublicFact } from "./public-fact";

const HOUR_S = 3600;
/** In the order of a reader; what a newer server knows besides comes last. */
const factOrder = ["algorithm", "fingerprint", "private_half", "subject", "names", "issuer", "not_before", "not_after"];

export function About({ secret }: { secret: Secret }) {
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = usePersonName();
  const { public_key: publicKey, ...facts } = secret.facts;
  return (
    <Section title={t("vault.secret.about")}>
      {publicKey && (
        <div className="mb-5 grid gap-1.5">
          <h3 className="text-sm font-medium">{t("vault.secret.fact_public_key")}</h3>
          <SecretLine text={publicKey} />
        </div>
      )}
      <Facts>
        {inOrder(facts).map(([key, value]) => (
          <PublicFact key={key} name={key} value={value} />
        ))}
        {secret.provider && (
          <Fact label={t("vault.provider")}>
            <bdi>{secret.provider}</bdi>
          </Fact>
        )}
        <Fact label={t("vault.secret.rotated")}>
          <Moment at={secret.rotated_at} />
        </Fact>
        <Fact label={t("vault.secret.rotation")}>
          {secret.rotation_days ? t("vault.secret.every", { count: secret.rotation_days }) : t("vault.never")}
          {secret.rotate_at && (
            <span className="text-muted">
              {" "}
              · <Ago at={secret.rotate_at} /> ·{" "}
              {t(secret.generate ? "vault.secret.made_by_itself" : "vault.secret.made_by_people")}
            </span>
          )}
        </Fact>
        <Fact label={t("vault.secret.overlap")}>
          {secret.overlap_hours ? format.duration(secret.overlap_hours * HOUR_S) : t("vault.none")}
        </Fact>
        <Fact label={t("vault.expired_on")}>
          {secret.expires_at ? <Moment at={secret.expires_at} /> : t("vault.never")}
        </Fact>
        <Fact label={t("vault.backend")}>
          {secret.backend === "local" ? t("vault.backend_local") : <Code>{secret.backend}</Code>}
        </Fact>
        <Fact label={t("vault.secret.created")}>
          <Moment at={secret.created_at} />
          {secret.created_by && (
            <span className="text-muted">
              {" "}
              {t("vault.secret.by")} <bdi>{nameOf(secret.created_by) ?? secret.created_by}</bdi>
            </span>
          )}
        </Fact>
      </Facts>
    </Section>
  );
}

function inOrder(facts: Record<string, string>): [string, string][] {
  const place = (key: string) => (factOrder.includes(key) ? factOrder.indexOf(key) : factOrder.length);
  return Object.entries(facts).sort(([one], [other]) => place(one) - place(other));
}
