import { useTranslation } from "react-i18next";
import { Moment } from "@/ui/time";
import { Code, Fact } from "../facts";

const moments = new Set(["not_before", "not_after"]);

/** One thing that may be known of the current value. A newer server may know of more. */
export function PublicFact({ name, value }: { name: string; value: string }) {
  const { t, i18n } = useTranslation();
  const key = `vault.secret.fact_${name}`;
  if (value === "") return null;
  return (
    <Fact label={i18n.exists(key) ? t(key as "vault.secret.fact_algorithm") : name}>
      {moments.has(name) ? <Moment at={value} /> : <Code>{value}</Code>}
    </Fact>
  );
}
