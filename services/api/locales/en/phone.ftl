# Calls and text messages.

call-offered = A new lead of { $entity } is waiting for you. To accept it, press 1. To decline it, press 2.
call-assigned = You have a new lead at { $entity }.
call-accepted = The lead is yours.
call-next = To be connected to this lead, press 1. To schedule a follow-up task for later today, press 2.
call-hint = Not sure what to say? Say that your name is { $name }, and that you help people search on the website they were just on.
call-connecting = Connecting you to { $lead }.
call-the-lead = the lead
call-declined = You declined this lead. Goodbye.
call-no-answer = Nothing was changed. You can still answer with the link in your messages, until the time is up. Goodbye.
call-no-such-key = That key means nothing here.
call-no-number = This lead left no telephone number.
call-not-reached = The lead could not be reached.
call-follow-up-set = A follow-up task is set for { $time }. Goodbye.
call-goodbye = You find the lead among your leads. Goodbye.

call-taken = Sorry, somebody else has accepted this lead. Goodbye.
call-too-late = Sorry, the time to accept this lead is over. Goodbye.
call-passed = You declined this lead before. Goodbye.
call-withdrawn = This lead is no longer on offer. Goodbye.
call-full = You have as many leads as you may have. Goodbye.
call-unknown = This call is out of date. Goodbye.
call-away = Your leads cannot be reached right now. Please use the link in your messages. Goodbye.

follow-up-time = { $today ->
    [yes] { $time } today
   *[no] { $time } tomorrow
}

sms-yours = It is yours: { $lead }
sms-passed = You passed on { $lead }.
sms-taken = { $lead }: somebody else has accepted it.
sms-too-late = { $lead }: the time is over.
sms-withdrawn = { $lead }: no longer on offer.
sms-already-passed = { $lead }: you passed on it before.
sms-full = { $lead }: you have as many leads as you may have.
sms-unknown = { $lead }: not there any more.
sms-away = Your leads cannot be reached right now. Please try again in a minute.
sms-nothing-open = No lead is waiting for your answer.
sms-which = Which one? Answer 1 or 2 and the code:
sms-no-such-code = No lead has the code { $code }.
sms-unclear = Answer 1 to accept a lead, 2 to pass. LIST shows what is open, STOP ends these messages.
sms-help = Tipoff texts you about new leads. Answer 1 to accept, 2 to pass, LIST for what is open. STOP ends these messages, START begins them again.
sms-stopped = You will get no more text messages about leads. START begins them again.
sms-started = You get text messages about leads again.
sms-somebody = a new lead

sms-confirmed = Thank you. Text messages about leads reach you.

test-call = Hello { $name }. This is a test by { $entity }. To confirm that calls reach you, press 1.
test-call-confirmed = Thank you. You are called about new leads. Goodbye.
test-call-not-confirmed = Nothing was confirmed. Goodbye.
