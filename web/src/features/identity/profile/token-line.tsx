import { useTranslation } from "react-i18next";
import type { ApiToken } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Ago } from "@/ui/time";

export function TokenLine({ token, onRevoke }: { token: ApiToken; onRevoke: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const expired = token.expires_at != null && new Date(token.expires_at).getTime() < Date.now();
  return (
    <li className="flex items-start gap-4 px-5 py-3.5">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <bdi className="font-medium">{token.name}</bdi>
          <bdi dir="ltr" className="font-mono text-xs text-faint">
            {token.prefix}…
          </bdi>
          {expired && <Badge tone="danger">{t("profile.tokens.expired")}</Badge>}
        </p>
        <p className="mt-0.5 text-sm text-faint">
          {token.expires_at
            ? t("profile.tokens.until", { day: format.day(token.expires_at) })
            : t("profile.tokens.forever")}
          {" · "}
          {token.last_used_at ? (
            <>
              {t("common.last_used")} <Ago at={token.last_used_at} />
            </>
          ) : (
            t("profile.tokens.never_used")
          )}
        </p>
        <ul dir="ltr" className="mt-2 flex flex-wrap gap-1 rtl:justify-end">
          {[...token.scopes, ...token.allowed_addresses].map((one) => (
            <li key={one}>
              <Badge>
                <code className="font-mono">{one}</code>
              </Badge>
            </li>
          ))}
        </ul>
      </div>
      <Button size="sm" aria-label={t("profile.tokens.revoke_title", { name: token.name })} onClick={onRevoke}>
        {t("profile.tokens.revoke")}
      </Button>
    </li>
  );
}
