# Llamadas y mensajes de texto. Los mensajes usan solo letras de GSM-7.

call-offered = Un nuevo prospecto de { $entity } te espera. Para aceptarlo, pulsa 1. Para rechazarlo, pulsa 2.
call-assigned = Tienes un nuevo prospecto en { $entity }.
call-accepted = El prospecto es tuyo.
call-next = Para conectarte con este prospecto, pulsa 1. Para programar una tarea de seguimiento para hoy más tarde, pulsa 2.
call-hint = ¿No sabes qué decir? Di que te llamas { $name } y que ayudas a buscar en el sitio web que acaba de visitar.
call-connecting = Te conecto con { $lead }.
call-the-lead = el prospecto
call-declined = Rechazaste este prospecto. Adiós.
call-no-answer = No se cambió nada. Todavía puedes responder con el enlace de tus mensajes, hasta que se acabe el tiempo. Adiós.
call-no-such-key = Esa tecla no significa nada aquí.
call-no-number = Este prospecto no dejó ningún teléfono.
call-not-reached = No se pudo contactar con el prospecto.
call-follow-up-set = La tarea de seguimiento queda para { $time }. Adiós.
call-goodbye = Encuentras el prospecto entre los tuyos. Adiós.

call-taken = Lo siento, otra persona ya aceptó este prospecto. Adiós.
call-too-late = Lo siento, se acabó el tiempo para aceptar este prospecto. Adiós.
call-passed = Ya habías rechazado este prospecto. Adiós.
call-withdrawn = Este prospecto ya no está disponible. Adiós.
call-full = Tienes tantos prospectos como puedes tener. Adiós.
call-unknown = Esta llamada ya no es válida. Adiós.
call-away = Ahora mismo no podemos consultar tus prospectos. Usa el enlace de tus mensajes. Adiós.

follow-up-time = { $today ->
    [yes] hoy, { $time }
   *[no] mañana, { $time }
}

sms-yours = Es tuyo: { $lead }
sms-passed = Pasaste { $lead }.
sms-taken = { $lead }: otra persona ya lo acepto.
sms-too-late = { $lead }: se acabo el tiempo.
sms-withdrawn = { $lead }: ya no se ofrece.
sms-already-passed = { $lead }: ya lo habias pasado.
sms-full = { $lead }: tienes tantos prospectos como puedes tener.
sms-unknown = { $lead }: ya no existe.
sms-away = Ahora no podemos consultar tus prospectos. Intenta de nuevo en un minuto.
sms-nothing-open = No hay ningun prospecto que espere tu respuesta.
sms-which = Cual? Responde 1 o 2 y el codigo:
sms-no-such-code = Ningun prospecto tiene el codigo { $code }.
sms-unclear = Responde 1 para aceptar un prospecto, 2 para pasar. LISTA muestra los abiertos, ALTO termina los mensajes.
sms-help = Tipoff te avisa de nuevos prospectos. Responde 1 para aceptar, 2 para pasar, LISTA para ver los abiertos. ALTO termina los mensajes, ALTA los reanuda.
sms-stopped = No recibiras mas mensajes sobre prospectos. ALTA los reanuda.
sms-started = Recibes de nuevo mensajes sobre prospectos.
sms-somebody = un nuevo prospecto

sms-confirmed = Gracias. Los mensajes sobre prospectos te llegan.

test-call = Hola, { $name }. Esta es una prueba de { $entity }. Para confirmar que te llegan las llamadas, marca 1.
test-call-confirmed = Gracias. Te llamaremos cuando haya prospectos nuevos. Adiós.
test-call-not-confirmed = No se confirmó nada. Adiós.
