import { axeOnEveryView } from "./axe_on_every_view.ts";

axeOnEveryView("dark");
