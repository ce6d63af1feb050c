import { holds } from "../support/properties.ts";

holds("nats", 150);
