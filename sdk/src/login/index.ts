export { type SaslAnswer, type SaslExchange, type SaslMechanism, saslMechanisms } from "./sasl.js";
