import { useTranslation } from "react-i18next";
import { Button } from "./button";

interface LoadMoreProps {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

export function LoadMore({ query }: LoadMoreProps) {
  const { t } = useTranslation();
  if (!query.hasNextPage) return null;
  return (
    <div className="flex justify-center border-t border-line p-3">
      <Button look="quiet" busy={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
        {t("common.load_more")}
      </Button>
    </div>
  );
}
