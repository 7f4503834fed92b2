import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { User } from "@/api/types";
import { useCan } from "@/app/me";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";

interface PersonDangerProps {
  person: User;
  onGone: () => void;
}

/** Locking somebody out, letting them in again, and removing them. */
export function PersonDanger({ person, onGone }: PersonDangerProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const mayTouchOwners = useCan("roles.owner");
  const [asking, setAsking] = useState<"status" | "delete" | null>(null);
  if (person.role === "owner" && !mayTouchOwners) return null;
  const disabled = person.status === "disabled";
  const path = { params: { path: { id: person.id } } };
  const refresh = () => queries.invalidateQueries({ queryKey: ["users"] });

  async function setStatus() {
    await unwrap(api.PATCH("/users/{id}", { ...path, body: { status: disabled ? "active" : "disabled" } }));
    await refresh();
  }

  async function remove() {
    await unwrap(api.DELETE("/users/{id}", path));
    onGone();
    queries.removeQueries({ queryKey: ["users", "one", person.id] });
    await refresh();
  }

  return (
    <section className="border-t border-line pt-5">
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => setAsking("status")}>{disabled ? t("people.enable") : t("people.disable")}</Button>
        <Button look="danger" icon="trash" onClick={() => setAsking("delete")}>
          {t("people.delete")}
        </Button>
      </div>
      {asking === "status" && (
        <Confirm
          title={t(disabled ? "people.enable_title" : "people.disable_title", { name: person.name })}
          action={disabled ? t("people.enable") : t("people.disable")}
          run={setStatus}
          onClose={() => setAsking(null)}
        >
          {disabled ? t("people.enable_text") : t("people.disable_text")}
        </Confirm>
      )}
      {asking === "delete" && (
        <Confirm
          title={t("people.delete_title", { name: person.name })}
          action={t("people.delete")}
          run={remove}
          onClose={() => setAsking(null)}
        >
          {t("people.delete_text")}
        </Confirm>
      )}
    </section>
  );
}
