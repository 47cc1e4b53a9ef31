# La página para reclamar.

offered-to = { $entity } · para { $agent }
lead-of = Consulta de { $name }
lead-without-name = Un prospecto nuevo

open-heading = Prospecto nuevo para usted
yours-heading = Es suyo
taken-heading = Ya fue reclamado
too-late-heading = Se acabó el tiempo
passed-heading = Usted lo rechazó
withdrawn-heading = Ya no está disponible
full-heading = Llegó a su límite
unknown-heading = Este enlace no funciona
away-heading = Un momento, por favor

open-lead = Quien responde primero marca la diferencia. Verá los datos de contacto en cuanto lo reclame.
yours-lead = Comuníquese ahora, mientras sigue buscando.
taken-lead = Esta vez otro agente llegó primero. No tiene que hacer nada más.
too-late-lead = Venció la fecha límite para reclamar y el prospecto siguió su camino.
passed-lead = Gracias. El prospecto pasa al siguiente agente.
withdrawn-lead = La oferta fue retirada; aquí no queda nada por hacer.
full-lead = Tiene tantos prospectos como permite su equipo. Trabaje o devuelva uno e intente de nuevo.
unknown-lead = Puede estar incompleto o vencido. Abra de nuevo el mensaje más reciente o pregunte a su equipo.
away-lead = No pudimos consultar sus prospectos. No se ha perdido nada; intente de nuevo en unos segundos.

try-again = Intentar de nuevo
press-again = Presione el botón una vez más, por favor. Esta página llevaba un rato abierta, así que no cambió nada.
in-pool = El prospecto está ahora en el Grupo de Prospectos. Todavía puede tomarlo.
claim-from-pool = Reclamar del grupo

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
