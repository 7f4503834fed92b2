// Removing what somebody lost: their authenticator app and recovery codes, and their passkeys if need be.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { User } from "@/api/types";
import { useCan } from "@/app/me";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Checkbox } from "@/ui/field";
import { toast } from "@/ui/toast";

export function PersonSecondFactor({ person }: { person: User }) {
  const { t } = useTranslation();
  const mayTouchAdmins = useCan("roles.owner");
  const [asking, setAsking] = useState(false);
  const isAbove = person.role === "owner" || person.role === "admin";
  return (
    <section>
      <h3 className="mb-1 font-semibold">{t("people.two_factor")}</h3>
      <p className="mb-3 text-sm text-muted">
        {isAbove && !mayTouchAdmins ? t("people.reset_factor.locked") : t("people.reset_factor.lead")}
      </p>
      {(!isAbove || mayTouchAdmins) && (
        <Button onClick={() => setAsking(true)}>{t("people.reset_factor.action")}</Button>
      )}
      {asking && <Ask person={person} onClose={() => setAsking(false)} />}
    </section>
  );
}

function Ask({ person, onClose }: { person: User; onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  // Without an authenticator app there is nothing else to remove.
  const [passkeys, setPasskeys] = useState(!person.two_factor);

  async function reset() {
    const params = { path: { id: person.id }, query: { passkeys } };
    await unwrap(api.DELETE("/users/{id}/second-factor", { params }));
    toast(t("people.reset_factor.done"));
    await Promise.all([
      queries.invalidateQueries({ queryKey: ["users"] }),
      queries.invalidateQueries({ queryKey: ["sessions"] }),
    ]);
  }

  return (
    <Confirm
      title={t("people.reset_factor.title", { name: person.name })}
      action={t("people.reset_factor.action")}
      run={reset}
      onClose={onClose}
      more={
        person.two_factor && (
          <Checkbox
            label={t("people.reset_factor.passkeys")}
            checked={passkeys}
            onChange={(event) => setPasskeys(event.target.checked)}
          />
        )
      }
    >
      {person.two_factor ? t("people.reset_factor.text") : t("people.reset_factor.text_passkeys")}
    </Confirm>
  );
}
