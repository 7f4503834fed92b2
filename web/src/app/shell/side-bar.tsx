import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Icon } from "@/ui/icon";
import { Kbd } from "@/ui/kbd";
import { Logo } from "@/ui/logo";
import type { Place } from "../places";
import { usePlaces } from "../use-go";
import { PersonMenu } from "./person-menu";

export function SideBar({ onSearch }: { onSearch: () => void }) {
  const { t } = useTranslation();
  const places = usePlaces().filter((place) => place.inSideBar);
  return (
    <div className="flex h-full flex-col gap-5 p-4">
      <Link to="/" className="self-start rounded-md px-1.5 pt-1">
        <Logo />
      </Link>
      <button
        type="button"
        onClick={onSearch}
        className="flex min-h-9 items-center gap-2.5 rounded-md border border-line bg-surface px-2.5 text-faint transition-colors hover:border-edge/60 hover:text-ink pointer-coarse:min-h-11"
      >
        <Icon name="search" className="size-4" />
        <span className="flex-1 text-start">{t("shell.search")}</span>
        <Kbd keys={isApple() ? "⌘K" : "Ctrl K"} />
      </button>
      <nav aria-label={t("shell.main_navigation")} className="flex-1">
        <ul className="grid gap-0.5">
          {places.map((place) => (
            <li key={place.name}>
              <PlaceLink place={place} />
            </li>
          ))}
        </ul>
      </nav>
      <PersonMenu />
    </div>
  );
}

const look =
  "flex min-h-9 items-center gap-3 rounded-md px-2.5 text-muted transition-colors hover:bg-raised hover:text-ink aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-ink aria-[current=page]:[&>svg]:text-accent pointer-coarse:min-h-11";

function PlaceLink({ place }: { place: Place }) {
  const { t } = useTranslation();
  return (
    <Link to={place.to} activeOptions={{ exact: place.to === "/", includeSearch: false }} className={look}>
      <Icon name={place.icon} />
      {t(`places.${place.name}`)}
    </Link>
  );
}

function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}
