import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { setupQuery } from "@/api/queries";
import type { Language, Role } from "@/api/types";
import { useCan } from "@/app/me";
import { roles } from "@/app/search";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input, Select, Textarea } from "@/ui/field";
import { email, useForm } from "@/ui/form";
import { ProblemNotice } from "@/ui/problem";
import type { Delivery } from "./delivery-dialog";

interface InviteDialogProps {
  onClose: () => void;
  onInvited: (delivery: Delivery) => void;
}

export function InviteDialog({ onClose, onInvited }: InviteDialogProps) {
  const { t } = useTranslation();
  const mayMakeOwners = useCan("roles.owner");
  const offered = roles.filter((role) => role !== "owner" || mayMakeOwners);
  const setup = useQuery(setupQuery);
  const form = useForm({
    fields: { email, role: null, language: null, message: null },
    submit: async (values) => {
      const message = values.message.trim();
      const body = {
        email: values.email.trim(),
        role: values.role as Role,
        language: values.language as Language,
        ...(message ? { message } : {}),
      };
      onInvited(await unwrap(api.POST("/invitations", { body })));
    },
  });
  return (
    <Dialog open onClose={onClose} title={t("people.invite.title")} description={t("people.invite.lead")}>
      <form {...form.props} className="grid gap-4">
        <ProblemNotice problem={form.problem} />
        <Field label={t("sign_in.email")} error={form.errors.email}>
          <Input name="email" type="email" code autoComplete="off" autoFocus />
        </Field>
        <Field label={t("people.role")} error={form.errors.role}>
          <Select name="role" defaultValue="developer">
            {offered.map((role) => (
              <option key={role} value={role}>
                {t(`role.${role}`)} — {t(`role_means.${role}`)}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={t("people.invite.language")} error={form.errors.language}>
          <Select
            key={setup.data?.default_language}
            name="language"
            defaultValue={setup.data?.default_language ?? "en"}
          >
            <option value="en">English</option>
            <option value="ar">العربية</option>
          </Select>
        </Field>
        <Field label={t("people.invite.message")} optional error={form.errors.message}>
          <Textarea name="message" maxLength={500} />
        </Field>
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {t("people.invite.send")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
