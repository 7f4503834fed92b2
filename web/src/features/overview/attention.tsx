// What somebody should look at, each with the way there. Nothing is shown when all is well.
import { useQuery } from "@tanstack/react-query";
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Status } from "@/api/types";
import { useCan, useMe } from "@/app/me";
import { vaultQuery } from "@/features/vault/queries";
import { useFormat } from "@/i18n/format";
import { buttonLook } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { useSuspiciousToday } from "./suspicious-today";

const FEW_CODES = 2;

type Warning = Status["warnings"][number];

export function Attention({ warnings }: { warnings: Warning[] }) {
  const { t } = useTranslation();
  const words = useWords();
  const me = useMe();
  const suspicious = useSuspiciousToday();
  const vault = useQuery({ ...vaultQuery, enabled: useCan("status.read") });
  const sealed = vault.data?.sealed ? vault.data : null;
  const fewCodes = me.totp_enabled && me.recovery_codes_left <= FEW_CODES;
  if (warnings.length === 0 && !suspicious.data && !fewCodes && !sealed) return null;
  return (
    <section aria-label={t("overview.attention")}>
      <ul className="divide-y divide-warn/20 overflow-hidden rounded-lg border border-warn/25 bg-warn-soft">
        {sealed && <SealedVault fresh={sealed.why === "not_initialised"} />}
        {warnings.filter(isToldHere).map(({ code, detail, next, params }) => (
          <Matter
            key={code}
            title={t(`warning.${code}.title` as "warning.mail_outbox.title", {
              defaultValue: detail,
              ...words(params),
            })}
            next={t(`warning.${code}.next` as "warning.mail_outbox.next", { defaultValue: next })}
            way={wayFor(code)}
          />
        ))}
        {suspicious.data ? (
          <Matter
            title={t("overview.suspicious_today", { count: suspicious.data })}
            next={t("overview.suspicious_next")}
            way={{ to: "/audit", search: { view: "suspicious" } }}
          />
        ) : null}
        {fewCodes && (
          <Matter
            title={t("overview.few_codes", { count: me.recovery_codes_left })}
            next={t("overview.few_codes_next")}
            way={{ to: "/profile/security" }}
          />
        )}
      </ul>
    </section>
  );
}

/** What a warning speaks of: names that keep their own direction, a moment, a number. */
function useWords() {
  const format = useFormat();
  return ({ count, at, ...names }: Warning["params"]) => ({
    ...Object.fromEntries(Object.entries(names).map(([name, text]) => [name, `\u2068${text}\u2069`])),
    ...(at !== undefined && { at: format.moment(at) }),
    ...(count !== undefined && { count: Number(count) }),
  });
}

/** The sealed vault is told by its own line, which changes at once when it is unsealed. */
function isToldHere({ code }: Warning): boolean {
  return !code.startsWith("vault_sealed");
}

function SealedVault({ fresh }: { fresh: boolean }) {
  const { t } = useTranslation();
  const mayUnseal = useCan("vault.manage");
  const maySee = useCan("secrets.read");
  const next = fresh ? "overview.vault_fresh_next" : "overview.vault_sealed_next";
  return (
    <Matter
      title={t(fresh ? "overview.vault_fresh" : "overview.vault_sealed")}
      next={t(mayUnseal ? next : "overview.vault_sealed_ask")}
      way={maySee ? { to: mayUnseal ? "/secrets/vault" : "/secrets" } : null}
      label={mayUnseal ? t(fresh ? "overview.vault_set_up" : "overview.vault_unseal") : undefined}
    />
  );
}

interface MatterProps {
  title: ReactNode;
  next: ReactNode;
  way: LinkProps | null;
  /** What the way is called, where more is to be done than to look. */
  label?: string | undefined;
}

function Matter({ title, next, way, label }: MatterProps) {
  const { t } = useTranslation();
  return (
    <li className="flex gap-x-4 px-5 py-3.5">
      <Icon name="warning" className="mt-0.5 text-warn" />
      <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-4 gap-y-3">
        <div className="min-w-0 flex-1 basis-56">
          <p dir="auto" className="font-medium">
            {title}
          </p>
          <p dir="auto" className="text-muted">
            {next}
          </p>
        </div>
        {way && (
          <Link {...way} className={buttonLook("secondary", "sm")}>
            {label ?? t("overview.look")}
          </Link>
        )}
      </div>
    </li>
  );
}

function wayFor(code: string): LinkProps | null {
  if (code.startsWith("audit_")) return { to: "/audit", search: { view: "integrity" } };
  if (code === "vault_glass_broken") return { to: "/audit", search: { action: "secret.break_glass" } };
  if (code.startsWith("secrets_")) return { to: "/secrets", search: { due: true } };
  if (code === "mail_outbox") return { to: "/settings/outbox" };
  if (code.startsWith("settings_")) return { to: "/settings" };
  if (code === "not_encrypted") return { to: "/settings", search: { search: "tls" } };
  return null;
}
