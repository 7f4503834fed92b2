import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { plansQuery } from "@/api/queries";
import type { Role, User } from "@/api/types";
import { useCan } from "@/app/me";
import { roles } from "@/app/search";
import { Button } from "@/ui/button";
import { Field, Select } from "@/ui/field";
import { useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";

export function PersonAccess({ person }: { person: User }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const mayMakeOwners = useCan("roles.owner");
  const plans = useQuery(plansQuery);
  // An admin may neither make an owner nor change one.
  const locked = person.role === "owner" && !mayMakeOwners;
  const offered = roles.filter((role) => role !== "owner" || mayMakeOwners || person.role === "owner");
  const names = plans.data?.items.map((plan) => plan.name) ?? [person.plan];
  const form = useForm({
    fields: { role: null, plan: null },
    submit: async ({ role, plan }) => {
      const body = { role: role as Role, plan: plan as User["plan"] };
      await unwrap(api.PATCH("/users/{id}", { params: { path: { id: person.id } }, body }));
      toast(t("common.saved"));
      await queries.invalidateQueries({ queryKey: ["users"] });
    },
  });
  return (
    <section>
      <h3 className="mb-3 font-semibold">{t("people.access")}</h3>
      <form {...form.props} className="grid gap-4">
        <ProblemNotice problem={form.problem} />
        <Field label={t("people.role")} hint={locked ? t("people.owner_locked") : t("people.role_ends_sessions")}>
          <Select name="role" defaultValue={person.role} disabled={locked}>
            {offered.map((role) => (
              <option key={role} value={role}>
                {t(`role.${role}`)} — {t(`role_means.${role}`)}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={t("people.plan")}>
          <Select key={names.length} name="plan" defaultValue={person.plan} disabled={locked}>
            {names.map((name) => (
              <option key={name} value={name}>
                {t(`plan.${name}` as "plan.free", { defaultValue: name })}
              </option>
            ))}
          </Select>
        </Field>
        {!locked && (
          <Button type="submit" look="primary" busy={form.busy} className="justify-self-start">
            {t("common.save")}
          </Button>
        )}
      </form>
    </section>
  );
}
