import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { useMe } from "./me";
import { type Place, places } from "./places";

/** The places open to this person. */
export function usePlaces(): Place[] {
  const { permissions } = useMe();
  return places.filter((place) => !place.needs || permissions.includes(place.needs));
}

export function useGo() {
  const navigate = useNavigate();
  return useCallback((place: Place) => void navigate({ to: place.to }), [navigate]);
}
