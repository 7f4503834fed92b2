import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { toProblem } from "@/api/problem";
import type { Secret } from "@/api/types";
import { useCan } from "@/app/me";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import { Notice } from "@/ui/notice";
import { Card, Page } from "@/ui/page";
import { ErrorState, NoPermission } from "@/ui/problem";
import { SkeletonRows } from "@/ui/states";
import { secretQuery } from "../queries";
import { SealBanner } from "../seal/seal-banner";
import { SecretState } from "../secret-state";
import { useVaultWords } from "../words";
import { About } from "./about";
import { Hooks } from "./hooks";
import { Readers } from "./readers";
import { Readings } from "./readings";
import { SecretActions } from "./secret-actions";
import { Versions } from "./versions";

const route = getRouteApi("/signed-in/shell/secrets/$id");

export default function SecretPage() {
  useVaultWords();
  const { t } = useTranslation();
  const mayRead = useCan("secrets.read");
  if (mayRead) return <Loaded />;
  return (
    <Page title={t("places.secrets")}>
      <NoPermission />
    </Page>
  );
}

function Loaded() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const secret = useQuery(secretQuery(id));
  // What was there before is no longer shown of a secret that somebody removed meanwhile.
  const gone = secret.error !== null && toProblem(secret.error).status === 404;
  if (secret.data && !gone) return <Shown key={id} secret={secret.data} />;
  return (
    <Page title={t("places.secrets")} above={<Back />}>
      <Card>
        {secret.isPending ? <SkeletonRows /> : <ErrorState error={secret.error} retry={() => secret.refetch()} />}
      </Card>
    </Page>
  );
}

function Shown({ secret }: { secret: Secret }) {
  const { t } = useTranslation();
  const mayManage = useCan("secrets.manage");
  const mayAudit = useCan("audit.read");
  const mayBreakGlass = useCan("vault.manage");
  const beside = mayManage || mayAudit;
  return (
    <Page
      title={secret.name}
      heading={
        <bdi dir="ltr" className="wrap-anywhere">
          {secret.name}
        </bdi>
      }
      above={<Back />}
      lead={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <span>{t(`vault.kind_${secret.kind}`)}</span>
          <SecretState state={secret.state} />
          {secret.description && <bdi>{secret.description}</bdi>}
        </span>
      }
      actions={<SecretActions secret={secret} />}
    >
      <SealBanner />
      {!secret.may.includes("read") && (
        <Notice className="mb-6">
          {t(mayBreakGlass ? "vault.secret.no_value_right_glass" : "vault.secret.no_value_right")}
        </Notice>
      )}
      <div className={cx("grid items-start gap-x-6", beside && "lg:grid-cols-[minmax(0,1.4fr)_minmax(0,1fr)]")}>
        <div className="min-w-0">
          <About secret={secret} />
          <Versions secret={secret} />
          {mayManage && <Hooks id={secret.id} />}
        </div>
        {beside && (
          <div className="min-w-0">
            {mayManage && <Readers id={secret.id} />}
            {mayAudit && <Readings name={secret.name} />}
          </div>
        )}
      </div>
    </Page>
  );
}

function Back() {
  const { t } = useTranslation();
  return (
    <Link
      to="/secrets"
      className="inline-flex min-h-7 items-center gap-1 rounded-sm text-sm text-muted hover:text-ink pointer-coarse:min-h-10"
    >
      <Icon name="chevron" className="size-4 rotate-180 rtl:rotate-180" />
      {t("vault.secret.back")}
    </Link>
  );
}
