# La página para reclamar.

offered-to = { $entity } · para { $agent }
lead-of = Consulta de { $name }
lead-without-name = Un prospecto nuevo

open-heading = Prospecto nuevo para ti
yours-heading = Es tuyo
taken-heading = Ya fue reclamado
too-late-heading = Se acabó el tiempo
passed-heading = Lo rechazaste
withdrawn-heading = Ya no está disponible
full-heading = Llegaste a tu límite
unknown-heading = Este enlace no funciona
away-heading = Un momento, por favor

open-lead = Quien responde primero marca la diferencia. Verás los datos de contacto en cuanto lo reclames.
yours-lead = Comunícate ahora, mientras sigue buscando.
taken-lead = Esta vez otro agente llegó primero. No tienes que hacer nada más.
too-late-lead = Venció la fecha límite para reclamar y el prospecto siguió su camino.
passed-lead = Gracias. El prospecto pasa al siguiente agente.
withdrawn-lead = Pasó a otra persona, volvió al grupo o se cerró.
full-lead = Tienes tantos prospectos como permite tu equipo. Trabaja o devuelve uno e inténtalo de nuevo.
unknown-lead = Puede estar incompleto o vencido. Abre de nuevo el mensaje más reciente o pregunta a tu equipo.
away-lead = No pudimos consultar tus prospectos. No se ha perdido nada; inténtalo de nuevo en unos segundos.

try-again = Intentar de nuevo
press-again = Presiona el botón una vez más, por favor. Esta página llevaba un rato abierta, así que no cambió nada.
way-pool = El prospecto está ahora en el Grupo de Prospectos. Todavía puedes tomarlo.
way-pool-button = Reclamar del grupo
way-undo = ¿Cambiaste de idea? Todavía puedes deshacer el rechazo.
way-undo-button = Deshacer
way-again = Si nadie más lo toma, puede volver a ti una vez más.
way-again-button = Dame otra oportunidad
queued = Pediste otra oportunidad. Si nadie más lo toma, volverá a ti.

claim = Reclamar
pass = Rechazar
call = Llamar
text = Mensaje
email = Correo

deadline = Fecha límite para reclamar
time-left = Tiempo restante
time-of-day = { $hour }:{ $minute } { $half ->
    [pm] p. m.
   *[am] a. m.
}
today-at = hoy, { $time }
date-at = { $weekday ->
    [mon] lunes
    [tue] martes
    [wed] miércoles
    [thu] jueves
    [fri] viernes
    [sat] sábado
   *[sun] domingo
} { $day } de { $month ->
    [jan] enero
    [feb] febrero
    [mar] marzo
    [apr] abril
    [may] mayo
    [jun] junio
    [jul] julio
    [aug] agosto
    [sep] septiembre
    [oct] octubre
    [nov] noviembre
   *[dec] diciembre
}, { $time }
days-left = { $days } d { $clock }
one-minute-left = Queda un minuto para reclamar
half-a-minute-left = Quedan 30 segundos para reclamar
ten-seconds-left = Quedan 10 segundos para reclamar
time-is-over = Se acabó el tiempo

about-heading = Sobre el prospecto
contact-heading = Contacto
message = Mensaje
property = Propiedad
price = Precio
wants = Desea
wants-to-buy = Comprar
wants-to-sell = Vender
wants-to-rent = Alquilar
areas = Zonas
budget = Presupuesto
from-price = desde { $price }
up-to-price = hasta { $price }
language = Idioma
speaks-english = Inglés
speaks-spanish = Español
source = Fuente

other-language = English
