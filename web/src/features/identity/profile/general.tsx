import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { useMe, useUserChanged } from "@/app/me";
import { browserTimeZone } from "@/app/time-zone";
import { Button } from "@/ui/button";
import { Field, Input, Select } from "@/ui/field";
import { required, useForm } from "@/ui/form";
import { Section } from "@/ui/page";
import { ProblemNotice } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { Appearance } from "./appearance";
import { AvatarEditor } from "./avatar-editor";
import { PlanCard } from "./plan-card";

export default function General() {
  const { t } = useTranslation();
  const { user } = useMe();
  const changed = useUserChanged();
  const form = useForm({
    fields: { name: required, time_zone: null },
    submit: async ({ name, time_zone }) => {
      changed(await unwrap(api.PATCH("/me", { body: { name: name.trim(), time_zone } })));
      toast(t("common.saved"));
    },
  });
  return (
    <>
      <Section title={t("profile.general.title")} lead={t("profile.general.lead")}>
        <AvatarEditor />
        <form {...form.props} className="mt-6 grid gap-4">
          <ProblemNotice problem={form.problem} />
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label={t("join.name")} error={form.errors.name}>
              <Input name="name" defaultValue={user.name} autoComplete="name" />
            </Field>
            <Field label={t("sign_in.email")} hint={t("profile.general.email_hint")}>
              <Input code value={user.email} readOnly className="bg-raised" />
            </Field>
          </div>
          <Field label={t("profile.general.time_zone")} hint={t("profile.general.time_zone_hint")}>
            <Select name="time_zone" defaultValue={user.time_zone}>
              {timeZones(user.time_zone).map((zone) => (
                <option key={zone} value={zone}>
                  {zone.replaceAll("_", " ")}
                </option>
              ))}
            </Select>
          </Field>
          <Button type="submit" look="primary" busy={form.busy} className="justify-self-start">
            {t("common.save")}
          </Button>
        </form>
      </Section>
      <Appearance />
      <PlanCard />
    </>
  );
}

function timeZones(current: string): string[] {
  return [...new Set([current, browserTimeZone(), "UTC", ...Intl.supportedValuesOf("timeZone")])].sort();
}
