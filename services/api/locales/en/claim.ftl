# The claim page.

offered-to = { $entity } · for { $agent }
lead-of = { $name }’s inquiry
lead-without-name = A new lead

open-heading = New lead for you
yours-heading = It’s yours
taken-heading = Already claimed
too-late-heading = Time ran out
passed-heading = You passed
withdrawn-heading = No longer on offer
full-heading = You’re at your limit
unknown-heading = This link doesn’t work
away-heading = One moment, please

open-lead = First to respond makes the difference. Contact details appear once you claim.
yours-lead = Reach out now, while they’re still looking.
taken-lead = Another agent was first this time. There’s nothing left to do.
too-late-lead = The claim deadline is over and the lead has moved on.
passed-lead = Thank you. The lead goes to the next agent.
withdrawn-lead = It was given to somebody else, put back or closed.
full-lead = You hold as many leads as your team allows. Work or return one, then try again.
unknown-lead = It may be cut off or out of date. Open the newest message again, or ask your team.
away-lead = We couldn’t reach your leads just now. Nothing is lost; try again in a few seconds.

try-again = Try again
press-again = Please press the button once more. This page had been open for a while, so nothing was changed.
way-pool = The lead is in the lead pool now. You can still take it.
way-pool-button = Claim from the pool
way-undo = Changed your mind? You can still take your pass back.
way-undo-button = Take it back
way-again = If nobody else takes it, it can come to you once more.
way-again-button = Give me another chance
queued = You asked for another chance. If nobody else takes it, it comes to you again.

claim = Claim
pass = Pass
call = Call
text = Text
email = E-mail

deadline = Claim deadline
time-left = Time left
time-of-day = { $hour }:{ $minute } { $half ->
    [pm] PM
   *[am] AM
}
today-at = today, { $time }
date-at = { $weekday ->
    [mon] Monday
    [tue] Tuesday
    [wed] Wednesday
    [thu] Thursday
    [fri] Friday
    [sat] Saturday
   *[sun] Sunday
}, { $month ->
    [jan] January
    [feb] February
    [mar] March
    [apr] April
    [may] May
    [jun] June
    [jul] July
    [aug] August
    [sep] September
    [oct] October
    [nov] November
   *[dec] December
} { $day }, { $time }
days-left = { $days } d { $clock }
one-minute-left = One minute left to claim
half-a-minute-left = 30 seconds left to claim
ten-seconds-left = 10 seconds left to claim
time-is-over = The time is over

about-heading = About the lead
contact-heading = Contact
message = Message
property = Property
price = Price
wants = Wants to
wants-to-buy = Buy
wants-to-sell = Sell
wants-to-rent = Rent
areas = Areas
budget = Budget
from-price = from { $price }
up-to-price = up to { $price }
language = Language
speaks-english = English
speaks-spanish = Spanish
source = Source

other-language = Español
