# La página a la que lleva un mensaje de prueba.

confirm-open-heading = ¿Te llegó?
confirm-open-lead = { $entity } quiere avisarte de los prospectos nuevos { $channel }. Pulsa el botón si recibiste el mensaje de prueba.
confirm-done-heading = Gracias
confirm-done-lead = Desde ahora recibes los avisos de { $entity } { $channel }.
confirm-stale-heading = Este enlace ya no vale
confirm-stale-lead = Pide otro mensaje de prueba { $channel }: este es demasiado antiguo, o tu dirección cambió desde entonces.
confirm-unknown-heading = Este enlace no funciona
confirm-button = Sí, me llegó
channel-email = por correo
channel-push = en este dispositivo
channel-sms = por mensaje de texto
channel-voice = por teléfono
