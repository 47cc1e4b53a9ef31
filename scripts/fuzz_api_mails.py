# For schemathesis: mails for `POST /v1/returned-mail`, whole ones, torn ones and what is none.
import schemathesis
from hypothesis import strategies as st

NAMES = st.sampled_from(
    ["From", "To", "Content-Type", "Tipoff-Return", "Final-Recipient", "Action", "Status", "Original-Recipient"]
)
VALUES = st.one_of(
    st.sampled_from(
        [
            "multipart/report; report-type=delivery-status; boundary=b",
            "message/delivery-status",
            "text/rfc822-headers",
            "rfc822; ana@example.com",
            "failed",
            "5.1.1",
        ]
    ),
    st.text(max_size=40),
)
HEADERS = st.lists(st.tuples(NAMES, VALUES).map(": ".join), max_size=6).map("\r\n".join)


def report(parts):
    head = "Content-Type: multipart/report; report-type=delivery-status; boundary=b"
    bodies = "".join(f"--b\r\n{headers}\r\n\r\n{body}\r\n" for headers, body in parts)
    return f"{head}\r\n\r\n{bodies}--b--\r\n"


PARTS = st.lists(st.tuples(HEADERS, st.one_of(HEADERS, st.text(max_size=80))), max_size=4)
MAILS = st.one_of(PARTS.map(report), HEADERS, st.text(max_size=200)).map(lambda mail: mail.encode("utf-8", "surrogatepass"))

schemathesis.openapi.media_type("message/rfc822", st.one_of(MAILS, st.binary(max_size=200)))
