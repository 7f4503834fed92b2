import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCan } from "@/app/me";
import { Icon } from "@/ui/icon";
import { Card, Page } from "@/ui/page";
import { NoPermission } from "@/ui/problem";
import { commandQuery } from "../queries";
import { useMachineWords } from "../words";
import { CommandView } from "./command-view";
import { summary } from "./draft";

const route = getRouteApi("/signed-in/shell/machines/commands/$id");

export default function CommandPage() {
  useMachineWords();
  const { t } = useTranslation();
  const mayRun = useCan("commands.run");
  if (mayRun) return <Loaded />;
  return (
    <Page title={t("places.commands")}>
      <NoPermission />
    </Page>
  );
}

function Loaded() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const command = useQuery(commandQuery(id));
  const title = command.data ? summary(command.data.operation) : t("places.commands");
  return (
    <Page
      title={title}
      heading={
        command.data && (
          <bdi dir="ltr" className="font-mono text-lg tracking-normal wrap-anywhere">
            {title}
          </bdi>
        )
      }
      above={
        <Link
          to="/machines/commands"
          className="inline-flex min-h-7 items-center gap-1 rounded-sm text-sm text-muted hover:text-ink pointer-coarse:min-h-10"
        >
          <Icon name="chevron" className="size-4 rotate-180 rtl:rotate-180" />
          {t("commands.back")}
        </Link>
      }
    >
      <Card className="p-5">
        <CommandView key={id} id={id} />
      </Card>
    </Page>
  );
}
