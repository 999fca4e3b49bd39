// What Twilio's own library for Node makes and accepts, for the server's tests: a JSON array of questions on stdin, their
// answers on stdout.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const twilio = require("twilio");
const jsonwebtoken = createRequire(require.resolve("twilio"))("jsonwebtoken");

const answers = {
  // A token as their helper makes it for the same facts, taken apart.
  token({ account, key, secret, application, identity, params, region, ttl }) {
    const { AccessToken } = twilio.jwt;
    const token = new AccessToken(account, key, secret, { identity, ttl, region });
    const grant = { incomingAllow: true, outgoingApplicationSid: application, outgoingApplicationParams: params };
    token.addGrant(new AccessToken.VoiceGrant(grant));
    return jsonwebtoken.decode(token.toJwt(), { complete: true });
  },
  // Somebody's token, taken apart once its signature was checked.
  read({ token, secret }) {
    return jsonwebtoken.verify(token, secret, { algorithms: ["HS256"], complete: true });
  },
  sign({ authToken, url, params }) {
    return twilio.getExpectedTwilioSignature(authToken, url, params);
  },
  accepts({ authToken, signature, url, params }) {
    return twilio.validateRequest(authToken, signature, url, params);
  },
  acceptsBody({ authToken, signature, url, body }) {
    return twilio.validateRequestWithBody(authToken, signature, url, body);
  },
  bodyHash({ body }) {
    return twilio.getExpectedBodyHash(body);
  },
  // TwiML as their helper writes it.
  dial({ attributes, number, client }) {
    const response = new twilio.twiml.VoiceResponse();
    const dial = response.dial(attributes);
    if (number) dial.number(number.attributes, number.number);
    if (client) {
      const element = dial.client(client.attributes);
      element.identity(client.identity);
      for (const parameter of client.parameters) element.parameter(parameter);
    }
    return response.toString();
  },
  reject() {
    const response = new twilio.twiml.VoiceResponse();
    response.reject();
    return response.toString();
  },
};

let text = "";
for await (const chunk of process.stdin) text += chunk;
const questions = JSON.parse(text);
process.stdout.write(JSON.stringify(questions.map(({ ask, ...about }) => answers[ask](about))));
