import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import type { SecretsSearch } from "@/app/search";
import { Button } from "@/ui/button";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Card } from "@/ui/page";
import { EmptyState } from "@/ui/states";
import { ExportButton } from "./export-button";
import { ImportDialog } from "./import/import-dialog";
import { NewSecretDialog } from "./new-secret-dialog";
import { secretsQuery } from "./queries";
import { SecretFilters } from "./secret-filters";
import { SecretTable } from "./secret-table";
import { useSealed } from "./use-vault";
import { VaultFrame } from "./vault-frame";
import { useVaultWords } from "./words";

const route = getRouteApi("/signed-in/shell/secrets");

export default function SecretsPage() {
  useVaultWords();
  const { t } = useTranslation();
  const mayBring = useCan("secrets.use");
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/secrets" });
  const bring = (open: boolean) =>
    void navigate({ search: (before) => ({ ...before, bring: open || undefined }), replace: true });
  const sealed = useSealed();
  const [importing, setImporting] = useState(false);
  const actions = (
    <>
      <ExportButton search={search} />
      {mayBring && (
        <>
          <Button icon="inbox" disabled={sealed} onClick={() => setImporting(true)}>
            {t("vault.import.action")}
          </Button>
          <Button look="primary" icon="plus" disabled={sealed} onClick={() => bring(true)}>
            {t("vault.new.action")}
          </Button>
        </>
      )}
    </>
  );
  return (
    <VaultFrame tab="secrets" lead={t("vault.lead")} needs="secrets.read" actions={actions}>
      <Secrets onBring={mayBring && !sealed ? () => bring(true) : undefined} />
      {search.bring && mayBring && <NewSecretDialog onClose={() => bring(false)} />}
      {importing && <ImportDialog onClose={() => setImporting(false)} />}
    </VaultFrame>
  );
}

function Secrets({ onBring }: { onBring: (() => void) | undefined }) {
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/secrets" });
  const secrets = useInfiniteQuery({ ...secretsQuery(search), placeholderData: (before) => before });
  const change = (part: Partial<SecretsSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  const clear = () => change({ search: undefined, kind: undefined, due: undefined });
  const filtered = Boolean(search.search || search.kind || search.due);
  return (
    <Card>
      <SecretFilters search={search} onChange={change} />
      <ListState query={secrets} empty={filtered ? <NothingFound onClear={clear} /> : <Empty onBring={onBring} />}>
        {(items) => <SecretTable secrets={items} />}
      </ListState>
      <LoadMore query={secrets} />
    </Card>
  );
}

function NothingFound({ onClear }: { onClear: () => void }) {
  const { t } = useTranslation();
  return (
    <EmptyState
      icon="search"
      title={t("vault.nothing_found")}
      action={<Button onClick={onClear}>{t("vault.clear")}</Button>}
    >
      {t("vault.nothing_found_text")}
    </EmptyState>
  );
}

/** Who manages secrets sees them all, so to them the vault is empty; others may only not know of any. */
function Empty({ onBring }: { onBring: (() => void) | undefined }) {
  const { t } = useTranslation();
  const knowsAll = useCan("secrets.manage");
  if (!knowsAll) {
    return (
      <EmptyState icon="lock" title={t("vault.empty_known")}>
        {t("vault.empty_known_text")}
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon="lock"
      title={t("vault.empty")}
      action={
        onBring && (
          <Button look="primary" icon="plus" onClick={onBring}>
            {t("vault.new.action")}
          </Button>
        )
      }
    >
      {t("vault.empty_text")}
    </EmptyState>
  );
}
