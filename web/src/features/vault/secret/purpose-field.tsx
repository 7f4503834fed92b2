// What a value is taken out for, in the words of policies. Most need none, so it is asked only where it may matter:
// where a policy names purposes for this person, after a refusal, and on wish.
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Secret } from "@/api/types";
import { useCan, useMe } from "@/app/me";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { readersQuery } from "../queries";
import { Purposes } from "../subject";

interface PurposeFieldProps {
  secret: Secret;
  denied: boolean;
  error: string | undefined;
}

export function PurposeField({ secret, denied, error }: PurposeFieldProps) {
  const { t } = useTranslation();
  const list = useId();
  const known = useOwnPurposes(secret.id);
  const [wished, setWished] = useState(false);
  // Somebody whom no policy allows it for any purpose is not helped by one.
  const missed = denied && secret.may.includes("read");
  if (!wished && !missed && !error && known.length === 0) {
    return (
      <Button look="quiet" size="sm" className="-ms-2.5 justify-self-start" onClick={() => setWished(true)}>
        {t("vault.reveal.purpose_ask")}
      </Button>
    );
  }
  return (
    <Field
      label={t("vault.reveal.purpose")}
      optional
      hint={
        <>
          {t(missed ? "vault.reveal.purpose_denied" : "vault.reveal.purpose_hint")} <Purposes purposes={known} />
        </>
      }
      error={error}
    >
      <Input
        name="purpose"
        code
        maxLength={80}
        placeholder="git.clone"
        list={list}
        autoComplete="off"
        autoFocus={wished || missed}
      />
      <datalist id={list}>
        {known.map((purpose) => (
          <option key={purpose} value={purpose} />
        ))}
      </datalist>
    </Field>
  );
}

/** For which purposes the person may read it; only who manages secrets may ask. */
function useOwnPurposes(id: string): string[] {
  const { user } = useMe();
  const readers = useQuery({ ...readersQuery(id, "read"), enabled: useCan("secrets.manage") });
  return readers.data?.find(({ kind, subject }) => kind === "user" && subject === user.id)?.purposes ?? [];
}
