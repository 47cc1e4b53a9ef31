# The page that a test message leads to.

confirm-open-heading = Did it reach you?
confirm-open-lead = { $entity } would like to tell you of new leads { $channel }. Press the button if you got the test message.
confirm-done-heading = Thank you
confirm-done-lead = You hear of new leads of { $entity } { $channel } from now on.
confirm-stale-heading = This link is out of date
confirm-stale-lead = Have another test message sent { $channel }: this one is too old, or your address was changed since.
confirm-unknown-heading = This link doesn’t work
confirm-button = Yes, it reached me
channel-email = by e-mail
channel-push = on this device
channel-sms = by text message
channel-voice = by phone
