# Palabras de los avisos que reciben los agentes.

## Tiempo

seconds = { $n ->
    [one] { $n } segundo
   *[other] { $n } segundos
}
minutes = { $n ->
    [one] { $n } minuto
   *[other] { $n } minutos
}
hours = { $n ->
    [one] { $n } hora
   *[other] { $n } horas
}
days = { $n ->
    [one] { $n } día
   *[other] { $n } días
}
both = { $first } y { $second }
moment-today = { $hour ->
    [1] la { $clock } { $zone }
   *[other] las { $clock } { $zone }
}
moment-later = { $hour ->
    [1] la { $clock } { $zone } del { $weekday } { $day } de { $month }
   *[other] las { $clock } { $zone } del { $weekday } { $day } de { $month }
}
weekday = { $n ->
    [1] lunes
    [2] martes
    [3] miércoles
    [4] jueves
    [5] viernes
    [6] sábado
   *[7] domingo
}
month = { $n ->
    [1] enero
    [2] febrero
    [3] marzo
    [4] abril
    [5] mayo
    [6] junio
    [7] julio
    [8] agosto
    [9] septiembre
    [10] octubre
    [11] noviembre
   *[12] diciembre
}

## El prospecto

somebody = Alguien
who = Quién
wants = Busca
property = Propiedad
source = Fuente
language = Idioma
said = Mensaje
email = Correo
phone = Teléfono
kind = { $kind ->
    [buyer] Comprar
    [seller] Vender
    [renter] Alquilar
    [agent] Hablar con un agente
   *[other] Otra cosa
}
speaks = { $code ->
    [en] Inglés
    [es] Español
   *[other] { $code }
}

## Una oferta

offer-subject = Nuevo prospecto: { $who } (reclamar antes de { $until })
offer-subject-property = Nuevo prospecto: { $who }, { $property } (reclamar antes de { $until })
offer-title = Hay un prospecto nuevo para ti
offer-deadline = Fecha límite para reclamar: tienes { $left }, hasta { $until }.
offer-claim = Reclamar este prospecto
offer-open = Abre esta página para reclamarlo o rechazarlo:
offer-pass = ¿No es para ti? Recházalo en la misma página y se le ofrecerá enseguida al siguiente agente.
offer-after = Si no haces nada, el prospecto pasará a otro agente cuando se acabe tu tiempo.
offer-link = ¿No funciona el botón? Copia esta dirección en tu navegador:
offer-contact = Verás el teléfono y el correo en cuanto lo hayas reclamado.
offer-push-title = Nuevo prospecto: { $who }

offer-sms = Nuevo prospecto: { $who }
offer-sms-until = Reclámalo antes de { $until }:
offer-sms-reply = Responde 1 { $code } para reclamar, 2 { $code } para rechazar.

## Una sala

chat-offered = Se ofrece a { $agents } hasta { $until }.
chat-assigned = { $who } es de { $agents }.
chat-open = Abrir Tipoff

## Una asignación

assigned-subject = Este prospecto es tuyo: { $who }
assigned-subject-property = Este prospecto es tuyo: { $who }, { $property }
assigned-title = Tienes un prospecto nuevo
assigned-why = { $how ->
    [timeout_agent] Nadie lo reclamó a tiempo y por eso te llega a ti. No hay nada que reclamar: es tuyo.
    [exhausted] Ya se les ofreció a todos los demás y por eso te llega a ti. No hay nada que reclamar: es tuyo.
    [agent_site] Viene de tu propio sitio. No hay nada que reclamar: es tuyo.
    [manual] Alguien de tu equipo te lo asignó. No hay nada que reclamar: es tuyo.
    [returning] Ya era prospecto tuyo y ha vuelto a escribir.
   *[other] No hay nada que reclamar: es tuyo.
}
assigned-next = Cuanto antes respondas, mejor.
assigned-push-title = Este prospecto es tuyo: { $who }

## Una oferta que terminó

over-push-title = { $why ->
    [yours] Este prospecto es tuyo: { $who }
    [withdrawn] { $who } ya no está contigo
   *[other] { $who } ya no está disponible para ti
}
over-why = { $why ->
    [taken] Otro agente fue más rápido.
    [yours] Reclamaste este prospecto.
    [passed] Rechazaste este prospecto.
    [expired] Se acabó tu tiempo para reclamarlo.
   *[other] Se retiró la oferta.
}

## Agentes que no responden

missed-subject = { $who }: ofertas sin respuesta
missed-title = { $entity }: hay prospectos que esperan en vano
missed-offers = { $name } dejó pasar { $n ->
    [one] { $n } oferta
   *[other] { $n } ofertas
} sin responder.
missed-and-paused = { $name } dejó pasar { $n ->
    [one] { $n } oferta
   *[other] { $n } ofertas
} sin responder y está en pausa hasta que alguien la termine.
missed-next = Los prospectos pasaron al siguiente agente. Quizá ayude hablarlo; o unas horas de silencio, un límite o una pausa.

## Un mensaje de prueba

test-subject = { $entity }: ¿te llega esto?
test-title = Esto es una prueba
test-why = Hola, { $who }: { $entity } quiere avisarte aquí de los prospectos nuevos. Confirma que te llegó este mensaje.
test-confirm = Sí, me llegó
test-open = Abre esta página para confirmarlo:
test-code = O escribe este código donde te lo pidan: { $code }
test-tap = Toca aquí para confirmar que lo ves.
test-sms = { $entity }: prueba. Responde { $code } para confirmar que te llegó, o abre

## Más prospectos de una vez de los que se avisan uno por uno

many-push-title = { $entity }: tienes más prospectos
many-push-body = Te dieron muchos prospectos de una vez, más de los que se avisan uno por uno. Toca para verlos todos.
many-sms = { $entity }: te dieron muchos prospectos de una vez, mas de los que avisamos uno por uno. Velos todos:

## Al pie de cada correo

because-admin = Recibes este correo porque estás a cargo de { $entity }.
because = Recibes este correo porque atiendes prospectos de { $entity }.
sent-by = Enviado por Tipoff
