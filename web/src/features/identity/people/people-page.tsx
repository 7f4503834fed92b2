import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { pagedQuery } from "@/api/queries";
import { useCan } from "@/app/me";
import type { PeopleSearch } from "@/app/search";
import { buttonLook } from "@/ui/button";
import { Icon } from "@/ui/icon";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Card, Page } from "@/ui/page";
import { NoPermission } from "@/ui/problem";
import { EmptyState } from "@/ui/states";
import { PeopleFilters } from "./people-filters";
import { PeopleTable } from "./people-table";
import { PersonSheet } from "./person-sheet";
import { PeopleTabs } from "./tabs";

const route = getRouteApi("/signed-in/shell/people");

function usersQuery({ search, role, status }: PeopleSearch) {
  return pagedQuery(["users", "list", { search, role, status }], (cursor, signal) =>
    unwrap(api.GET("/users", { params: { query: { search, role, status, cursor } }, signal })),
  );
}

export default function PeoplePage() {
  const { t } = useTranslation();
  const mayInvite = useCan("invitations.manage");
  const mayRead = useCan("users.read");
  const invite = mayInvite && (
    <Link to="/people/invitations" search={{ invite: true }} className={buttonLook("primary")}>
      <Icon name="plus" />
      {t("people.invite.action")}
    </Link>
  );
  return (
    <Page title={t("places.people")} lead={t("people.lead")} actions={invite} tabs={<PeopleTabs />}>
      {mayRead ? <Members /> : <NoPermission />}
    </Page>
  );
}

function Members() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = useNavigate({ from: "/people" });
  const users = useInfiniteQuery({ ...usersQuery(search), placeholderData: (before) => before });
  const change = (part: Partial<PeopleSearch>, replace = true) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace });
  return (
    <Card>
      <PeopleFilters search={search} onChange={change} />
      <ListState
        query={users}
        empty={
          <EmptyState icon="people" title={t("people.empty")}>
            {t("people.empty_text")}
          </EmptyState>
        }
      >
        {(items) => <PeopleTable people={items} onOpen={(id) => change({ person: id }, false)} />}
      </ListState>
      <LoadMore query={users} />
      {search.person && <PersonSheet id={search.person} onClose={() => change({ person: undefined })} />}
    </Card>
  );
}
