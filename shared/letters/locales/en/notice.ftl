# Words of the notices that agents receive.

## Time

seconds = { $n ->
    [one] { $n } second
   *[other] { $n } seconds
}
minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
both = { $first } and { $second }
moment-today = { $clock } { $zone }
moment-later = { $clock } { $zone } on { $weekday }, { $month } { $day }
weekday = { $n ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[7] Sunday
}
month = { $n ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}

## The lead

somebody = Somebody
who = Who
wants = Wants
property = Property
source = Source
language = Language
said = Message
email = E-mail
phone = Phone
kind = { $kind ->
    [buyer] To buy
    [seller] To sell
    [renter] To rent
    [agent] To talk to an agent
   *[other] Something else
}
speaks = { $code ->
    [en] English
    [es] Spanish
   *[other] { $code }
}

## An offer

offer-subject = New lead: { $who } (claim by { $until })
offer-subject-property = New lead: { $who }, { $property } (claim by { $until })
offer-title = A new lead is yours to claim
offer-deadline = You have { $left }, until { $until }.
offer-claim = Claim this lead
offer-open = Open this page to claim it or to pass:
offer-pass = Not for you? Pass on the same page, and the next agent is asked at once.
offer-after = If you do nothing, the lead moves on when your time is up.
offer-link = The button does not work? Copy this address into your browser:
offer-contact = You see the phone number and the e-mail address as soon as you have claimed it.
offer-push-title = New lead: { $who }

offer-sms = New lead: { $who }
offer-sms-until = Claim by { $until }:
offer-sms-reply = Reply 1 { $code } to claim, 2 { $code } to pass.

## A room

chat-offered = Offered to { $agents }, until { $until }.
chat-assigned = { $who } goes to { $agents }.
chat-open = Open Tipoff

## An assignment

assigned-subject = This lead is yours: { $who }
assigned-subject-property = This lead is yours: { $who }, { $property }
assigned-title = You have a new lead
assigned-why = { $how ->
    [timeout_agent] Nobody claimed it in time, so it comes to you. There is nothing to claim: it is yours.
    [exhausted] Everybody else has been asked, so it comes to you. There is nothing to claim: it is yours.
    [agent_site] It comes from your own site. There is nothing to claim: it is yours.
    [manual] It was assigned to you by hand. There is nothing to claim: it is yours.
    [returning] They have been in touch before and are yours already: they are back.
   *[other] There is nothing to claim: it is yours.
}
assigned-next = The sooner you answer, the better.
assigned-push-title = This lead is yours: { $who }

## An offer that is over

over-push-title = { $why ->
    [yours] This lead is yours: { $who }
    [withdrawn] { $who } is not with you any more
   *[other] { $who } is not on offer to you any more
}
over-why = { $why ->
    [taken] Somebody else was faster.
    [yours] You claimed this lead.
    [passed] You passed on this lead.
    [expired] Your time to claim it is up.
   *[other] It was withdrawn.
}

## Agents who miss offers

missed-subject = { $who }: offers go unanswered
missed-title = { $entity }: leads wait in vain
missed-offers = { $name } has let { $n ->
    [one] { $n } offer
   *[other] { $n } offers
} in a row run out.
missed-and-paused = { $name } has let { $n ->
    [one] { $n } offer
   *[other] { $n } offers
} in a row run out, and is paused until somebody ends the pause.
missed-next = The leads went on to the next agent. A word with them may help; so may quiet hours, a limit or a pause.

## A test message

test-subject = { $entity }: does this reach you?
test-title = This is a test
test-why = Hello { $who }, { $entity } would like to tell you of new leads here. Confirm that this message reached you.
test-confirm = Yes, it reached me
test-open = Open this page to confirm it:
test-code = Or give this code where you were asked for it: { $code }
test-tap = Tap to confirm that you see this.
test-sms = { $entity }: a test. Reply { $code } to confirm that it reached you, or open

## More leads at once than are told one by one

many-push-title = { $entity }: more leads are yours
many-push-body = You were given many leads at once, more than you are told of one by one. Tap to see them all.
many-sms = { $entity }: many leads were given to you at once, more than we text one by one. See them all:

## Below every mail

because-admin = You get this because you look after { $entity }.
because = You get this because you take leads for { $entity }.
sent-by = Sent by Tipoff
