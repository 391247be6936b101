/**
 * `<cti-caller-lookup>`: tells an agent who is calling while the phone still rings.
 *
 * One module, no dependencies, nothing stored, no request but to its own service. It holds, in this order: texts ·
 * time zones · the parser of event streams · tokens and requests · the feed · the election of one tab · cards as plain
 * state · formatting · DOM · views · the element · styles.
 *
 * Whatever the service sends is text: it reaches the page by `textContent` and checked `href` only.
 *
 * @typedef {{id: number, name: string}} Named
 * @typedef {{rule: string, label: ?string, telephone: ?string}} Match
 * @typedef {{id: number, name: string, vip: boolean, disabled?: boolean, job_title: ?string, organization: ?Named,
 *   site: ?Named, manager: ?Named, primary_email: ?string, location: ?string, locale: ?string, time_zone: ?string,
 *   picture_uri: ?string, url: ?string, match: Match}} Person
 * @typedef {{raw: string, e164: ?string, national: ?string, region: ?string, time_zones: string[],
 *   extension?: string}} Caller
 * @typedef {{outcome: string, caller: Caller, people: Person[], truncated: boolean, tier?: string,
 *   age_seconds?: number}} Lookup
 * @typedef {{id: string, source: ?string, direction: string, state: string, result: ?string, callee: ?string,
 *   agents: string[], queue: ?string, display_name: ?string, attestation: ?string, started_at: string,
 *   answered_at: ?string, answered_by: ?string, ended_at: ?string, lookup: Lookup, revision: number, seen: boolean,
 *   chosen: ?number, pops: boolean}} Call
 */

const TAG = "cti-caller-lookup";
const SECOND = 1000;
const SILENCE = 35 * SECOND; // the service sends a byte every 15 s
const STEADY = 5 * SECOND; // a stream that lived so long was a good one: the next wait is short again
const SHORTEST_WAIT = 0.5 * SECOND;
const LONGEST_WAIT = 15 * SECOND;
const PROVIDER_PATIENCE = 30 * SECOND;
const RENEWAL_LEAD = 60 * SECOND;
const ELECTION_PATIENCE = 1.5 * SECOND;
const ANNOUNCEMENT_PATIENCE = 1.5 * SECOND;
const ENDED_STAYS = 8 * SECOND;
const FADE = 0.3 * SECOND;
const NOTE_STAYS = 2.5 * SECOND;
const MOST_OPEN_CARDS = 3;
const MOST_MISSED_ROWS = 4;
const MOST_REMEMBERED = 500;
const LOG_LENGTH = 50;
const LONGEST_TEXT = 200; // characters of what others wrote that are shown: a card stays a card
const LONGEST_EVENT = 4 * 1024 * 1024; // characters

// ---------------------------------------------------------------------------------------------- texts

const ENGLISH = {
  callers: "Callers", idle: "No call at the moment", call: "Call", lookup: "Look-up",
  incoming: "Incoming call", outgoing: "Outgoing call", internalCall: "Internal call",
  ringing: "Ringing", answered: "In call", held: "On hold", ended: "Ended", duration: "Duration",
  resultAnswered: "Answered", resultMissed: "Missed call", resultVoicemail: "Voicemail",
  resultRejected: "Declined", resultFailed: "Failed",
  searching: "Looking up the caller …", nobody: "Unknown caller",
  nobodyHint: "Nobody in the directory has this number.",
  withheld: "Number withheld", withheldHint: "The caller does not show a number.",
  invalid: "Not a telephone number", invalidHint: "The phone system sent: {raw}",
  internal: "Internal caller", extension: "Extension {extension}",
  unavailable: "The directory cannot be asked", unavailableHint: "The name follows when the directory answers again.",
  lookupFailed: "The look-up failed. Try again.",
  stale: "As of {age}: the directory does not answer.",
  whoCalls: "Who is calling?", several: "People with this number: {count}",
  truncated: "More than ten people have this number. Ten of them are shown.",
  noneOfThese: "None of these", noneChosen: "None of the people listed", chooseAgain: "Choose again",
  notThisPerson: "Not this person", notSaved: "The choice could not be saved.",
  perhaps: "Perhaps {name}", uncertain: "Not certain", vip: "VIP", disabled: "Disabled in the directory",
  site: "Site", manager: "Manager", email: "E-mail", location: "Location",
  localTime: "Local time", outOfHours: "out of hours there", line: "Called line", queue: "Queue",
  agents: "Rings at", answeredBy: "Answered by {agent}", nameSent: "Name sent",
  match: "Match", ruleE164: "Exact number", ruleNational: "Same national number",
  ruleSuffix: "Only the last digits agree", ruleSupport: "Support ID", ruleEmployee: "Employee ID",
  labelWork: "work", labelMobile: "mobile", labelHome: "home",
  callerId: "Caller ID", attestationA: "Number verified by the carrier",
  attestationB: "Customer known to the carrier, number not verified", attestationC: "Origin not verified",
  attestationFailed: "Verification failed",
  open: "Open record", copy: "Copy number", copied: "Copied", copyFailed: "Could not copy",
  dismiss: "Dismiss", dismissCall: "Dismiss: {who}", show: "Show", showCall: "Show: {who}",
  create: "Create person", search: "Search", callBack: "Call back", callBackTo: "Call back: {who}",
  markSeen: "Mark as seen", markCallSeen: "Mark as seen: {who}", markAllSeen: "Mark all as seen",
  reconnecting: "Connection lost. Trying again …", offline: "No network. Waiting …",
  stopped: "Disconnected", revoked: "Access was withdrawn. Sign in again.",
  refused: "This page may not use the service.", signIn: "Waiting for a new sign-in …",
  log: "Call log", logEmpty: "No calls yet", logFailed: "The call log could not be read.", logNew: "not seen",
  moreMissed: "More missed calls in the log: {count}",
  sound: "Sound", notifications: "Desktop notifications",
  notificationsBlocked: "The browser blocks notifications for this page.",
  announceIncoming: "Incoming call: {who}", announceOutgoing: "Outgoing call: {who}",
};

const GERMAN = {
  callers: "Anrufende", idle: "Zurzeit kein Anruf", call: "Anruf", lookup: "Nachschlagen",
  incoming: "Eingehender Anruf", outgoing: "Ausgehender Anruf", internalCall: "Interner Anruf",
  ringing: "Klingelt", answered: "Im Gespräch", held: "Gehalten", ended: "Beendet", duration: "Dauer",
  resultAnswered: "Angenommen", resultMissed: "Verpasster Anruf", resultVoicemail: "Anrufbeantworter",
  resultRejected: "Abgelehnt", resultFailed: "Fehlgeschlagen",
  searching: "Name wird gesucht …", nobody: "Unbekannt",
  nobodyHint: "Im Verzeichnis hat niemand diese Nummer.",
  withheld: "Nummer unterdrückt", withheldHint: "Es wird keine Nummer angezeigt.",
  invalid: "Keine Telefonnummer", invalidHint: "Die Telefonanlage sandte: {raw}",
  internal: "Interner Anruf", extension: "Durchwahl {extension}",
  unavailable: "Das Verzeichnis ist nicht erreichbar",
  unavailableHint: "Der Name folgt, sobald das Verzeichnis wieder antwortet.",
  lookupFailed: "Das Nachschlagen ist fehlgeschlagen. Bitte noch einmal versuchen.",
  stale: "Stand: {age}. Das Verzeichnis antwortet nicht.",
  whoCalls: "Wer ruft an?", several: "Personen mit dieser Nummer: {count}",
  truncated: "Mehr als zehn Personen haben diese Nummer. Zehn davon sind zu sehen.",
  noneOfThese: "Niemand davon", noneChosen: "Niemand aus der Liste", chooseAgain: "Neu wählen",
  notThisPerson: "Nicht diese Person", notSaved: "Die Auswahl konnte nicht gespeichert werden.",
  perhaps: "Vielleicht {name}", uncertain: "Nicht sicher", vip: "VIP", disabled: "Im Verzeichnis deaktiviert",
  site: "Standort", manager: "Vorgesetzt", email: "E-Mail", location: "Ort",
  localTime: "Ortszeit", outOfHours: "dort außerhalb der Arbeitszeit", line: "Gewählte Nummer",
  queue: "Warteschlange", agents: "Klingelt bei", answeredBy: "Angenommen von {agent}", nameSent: "Gesendeter Name",
  match: "Treffer", ruleE164: "Genau diese Nummer", ruleNational: "Gleiche nationale Nummer",
  ruleSuffix: "Nur die letzten Ziffern stimmen überein", ruleSupport: "Support-ID", ruleEmployee: "Personalnummer",
  labelWork: "geschäftlich", labelMobile: "mobil", labelHome: "privat",
  callerId: "Rufnummer", attestationA: "Vom Netzbetreiber bestätigt",
  attestationB: "Anschluss bekannt, Nummer nicht bestätigt", attestationC: "Herkunft nicht bestätigt",
  attestationFailed: "Prüfung fehlgeschlagen",
  open: "Datensatz öffnen", copy: "Nummer kopieren", copied: "Kopiert", copyFailed: "Kopieren nicht möglich",
  dismiss: "Ausblenden", dismissCall: "Ausblenden: {who}", show: "Anzeigen", showCall: "Anzeigen: {who}",
  create: "Person anlegen", search: "Suchen", callBack: "Zurückrufen", callBackTo: "Zurückrufen: {who}",
  markSeen: "Als gesehen markieren", markCallSeen: "Als gesehen markieren: {who}",
  markAllSeen: "Alle als gesehen markieren",
  reconnecting: "Verbindung unterbrochen. Neuer Versuch …", offline: "Kein Netz. Es wird gewartet …",
  stopped: "Getrennt", revoked: "Der Zugang wurde entzogen. Bitte neu anmelden.",
  refused: "Diese Seite darf den Dienst nicht benutzen.", signIn: "Wartet auf eine neue Anmeldung …",
  log: "Anrufliste", logEmpty: "Noch keine Anrufe", logFailed: "Die Anrufliste ist nicht lesbar.",
  logNew: "nicht gesehen", moreMissed: "Weitere verpasste Anrufe in der Liste: {count}",
  sound: "Ton", notifications: "Desktop-Benachrichtigungen",
  notificationsBlocked: "Der Browser blockiert Benachrichtigungen dieser Seite.",
  announceIncoming: "Eingehender Anruf: {who}", announceOutgoing: "Ausgehender Anruf: {who}",
};

const FRENCH = {
  callers: "Appelants", idle: "Aucun appel en ce moment", call: "Appel", lookup: "Recherche",
  incoming: "Appel entrant", outgoing: "Appel sortant", internalCall: "Appel interne",
  ringing: "Sonne", answered: "En communication", held: "En attente", ended: "Terminé", duration: "Durée",
  resultAnswered: "Répondu", resultMissed: "Appel manqué", resultVoicemail: "Messagerie vocale",
  resultRejected: "Refusé", resultFailed: "Échec",
  searching: "Recherche de l’appelant…", nobody: "Appelant inconnu",
  nobodyHint: "Personne dans l’annuaire n’a ce numéro.",
  withheld: "Numéro masqué", withheldHint: "L’appelant ne montre pas son numéro.",
  invalid: "Pas un numéro de téléphone", invalidHint: "Le système téléphonique a envoyé : {raw}",
  internal: "Appelant interne", extension: "Poste {extension}",
  unavailable: "L’annuaire ne répond pas", unavailableHint: "Le nom suivra dès que l’annuaire répondra.",
  lookupFailed: "La recherche a échoué. Réessayez.",
  stale: "Dernière mise à jour {age} : l’annuaire ne répond pas.",
  whoCalls: "Qui appelle ?", several: "Personnes ayant ce numéro : {count}",
  truncated: "Plus de dix personnes ont ce numéro. Dix sont affichées.",
  noneOfThese: "Aucune de ces personnes", noneChosen: "Personne de la liste", chooseAgain: "Choisir à nouveau",
  notThisPerson: "Pas cette personne", notSaved: "Le choix n’a pas pu être enregistré.",
  perhaps: "Peut-être {name}", uncertain: "Incertain", vip: "VIP", disabled: "Désactivé dans l’annuaire",
  site: "Site", manager: "Responsable", email: "E-mail", location: "Emplacement",
  localTime: "Heure locale", outOfHours: "hors des heures de travail là-bas", line: "Ligne appelée",
  queue: "File d’attente", agents: "Sonne chez", answeredBy: "Pris par {agent}", nameSent: "Nom transmis",
  match: "Correspondance", ruleE164: "Numéro exact", ruleNational: "Même numéro national",
  ruleSuffix: "Seuls les derniers chiffres concordent", ruleSupport: "Identifiant de support",
  ruleEmployee: "Matricule",
  labelWork: "bureau", labelMobile: "mobile", labelHome: "domicile",
  callerId: "Numéro affiché", attestationA: "Numéro vérifié par l’opérateur",
  attestationB: "Client connu de l’opérateur, numéro non vérifié", attestationC: "Origine non vérifiée",
  attestationFailed: "Échec de la vérification",
  open: "Ouvrir la fiche", copy: "Copier le numéro", copied: "Copié", copyFailed: "Copie impossible",
  dismiss: "Masquer", dismissCall: "Masquer : {who}", show: "Afficher", showCall: "Afficher : {who}",
  create: "Créer une personne", search: "Rechercher", callBack: "Rappeler", callBackTo: "Rappeler : {who}",
  markSeen: "Marquer comme vu", markCallSeen: "Marquer comme vu : {who}", markAllSeen: "Tout marquer comme vu",
  reconnecting: "Connexion perdue. Nouvel essai…", offline: "Pas de réseau. En attente…",
  stopped: "Déconnecté", revoked: "L’accès a été retiré. Reconnectez-vous.",
  refused: "Cette page ne peut pas utiliser le service.", signIn: "En attente d’une nouvelle connexion…",
  log: "Journal des appels", logEmpty: "Aucun appel pour l’instant",
  logFailed: "Le journal des appels est illisible.", logNew: "non vu",
  moreMissed: "Autres appels manqués dans le journal : {count}",
  sound: "Son", notifications: "Notifications de bureau",
  notificationsBlocked: "Le navigateur bloque les notifications de cette page.",
  announceIncoming: "Appel entrant : {who}", announceOutgoing: "Appel sortant : {who}",
};

const SPANISH = {
  callers: "Llamadas", idle: "No hay llamadas en este momento", call: "Llamada", lookup: "Búsqueda",
  incoming: "Llamada entrante", outgoing: "Llamada saliente", internalCall: "Llamada interna",
  ringing: "Sonando", answered: "En llamada", held: "En espera", ended: "Terminada", duration: "Duración",
  resultAnswered: "Contestada", resultMissed: "Llamada perdida", resultVoicemail: "Buzón de voz",
  resultRejected: "Rechazada", resultFailed: "Fallida",
  searching: "Buscando a quien llama…", nobody: "Número desconocido",
  nobodyHint: "Nadie en el directorio tiene este número.",
  withheld: "Número oculto", withheldHint: "Quien llama no muestra su número.",
  invalid: "No es un número de teléfono", invalidHint: "La centralita envió: {raw}",
  internal: "Llamada interna", extension: "Extensión {extension}",
  unavailable: "No se puede consultar el directorio",
  unavailableHint: "El nombre llegará cuando el directorio responda.",
  lookupFailed: "La búsqueda falló. Inténtelo de nuevo.",
  stale: "Datos de {age}: el directorio no responde.",
  whoCalls: "¿Quién llama?", several: "Personas con este número: {count}",
  truncated: "Más de diez personas tienen este número. Se muestran diez.",
  noneOfThese: "Ninguna de estas", noneChosen: "Nadie de la lista", chooseAgain: "Elegir de nuevo",
  notThisPerson: "No es esta persona", notSaved: "No se pudo guardar la elección.",
  perhaps: "Quizá {name}", uncertain: "No es seguro", vip: "VIP", disabled: "Desactivado en el directorio",
  site: "Sede", manager: "Responsable", email: "Correo", location: "Ubicación",
  localTime: "Hora local", outOfHours: "fuera de horario allí", line: "Línea llamada", queue: "Cola",
  agents: "Suena en", answeredBy: "Contestada por {agent}", nameSent: "Nombre enviado",
  match: "Coincidencia", ruleE164: "Número exacto", ruleNational: "Mismo número nacional",
  ruleSuffix: "Solo coinciden las últimas cifras", ruleSupport: "ID de soporte", ruleEmployee: "ID de empleado",
  labelWork: "trabajo", labelMobile: "móvil", labelHome: "casa",
  callerId: "Identificación", attestationA: "Número verificado por el operador",
  attestationB: "Cliente conocido por el operador, número sin verificar", attestationC: "Origen sin verificar",
  attestationFailed: "Verificación fallida",
  open: "Abrir ficha", copy: "Copiar número", copied: "Copiado", copyFailed: "No se pudo copiar",
  dismiss: "Ocultar", dismissCall: "Ocultar: {who}", show: "Mostrar", showCall: "Mostrar: {who}",
  create: "Crear persona", search: "Buscar", callBack: "Devolver llamada", callBackTo: "Devolver llamada: {who}",
  markSeen: "Marcar como vista", markCallSeen: "Marcar como vista: {who}",
  markAllSeen: "Marcar todas como vistas",
  reconnecting: "Conexión perdida. Reintentando…", offline: "Sin red. Esperando…",
  stopped: "Desconectado", revoked: "Se retiró el acceso. Inicie sesión de nuevo.",
  refused: "Esta página no puede usar el servicio.", signIn: "Esperando un nuevo inicio de sesión…",
  log: "Registro de llamadas", logEmpty: "Aún no hay llamadas",
  logFailed: "No se pudo leer el registro de llamadas.", logNew: "sin ver",
  moreMissed: "Más llamadas perdidas en el registro: {count}",
  sound: "Sonido", notifications: "Notificaciones de escritorio",
  notificationsBlocked: "El navegador bloquea las notificaciones de esta página.",
  announceIncoming: "Llamada entrante: {who}", announceOutgoing: "Llamada saliente: {who}",
};

const RUSSIAN = {
  callers: "Звонки", idle: "Сейчас звонков нет", call: "Звонок", lookup: "Поиск",
  incoming: "Входящий звонок", outgoing: "Исходящий звонок", internalCall: "Внутренний звонок",
  ringing: "Звонит", answered: "Разговор", held: "На удержании", ended: "Завершён", duration: "Длительность",
  resultAnswered: "Принят", resultMissed: "Пропущенный звонок", resultVoicemail: "Автоответчик",
  resultRejected: "Отклонён", resultFailed: "Не состоялся",
  searching: "Ищем звонящего…", nobody: "Неизвестный номер",
  nobodyHint: "Ни у кого в каталоге нет этого номера.",
  withheld: "Номер скрыт", withheldHint: "Звонящий не показывает номер.",
  invalid: "Это не номер телефона", invalidHint: "Телефонная система прислала: {raw}",
  internal: "Внутренний абонент", extension: "Добавочный {extension}",
  unavailable: "Каталог недоступен", unavailableHint: "Имя появится, когда каталог ответит.",
  lookupFailed: "Поиск не удался. Попробуйте ещё раз.",
  stale: "Данные: {age}. Каталог не отвечает.",
  whoCalls: "Кто звонит?", several: "Людей с этим номером: {count}",
  truncated: "Этот номер есть более чем у десяти человек. Показаны десять.",
  noneOfThese: "Никто из них", noneChosen: "Никто из списка", chooseAgain: "Выбрать снова",
  notThisPerson: "Не этот человек", notSaved: "Не удалось сохранить выбор.",
  perhaps: "Возможно, {name}", uncertain: "Не точно", vip: "VIP", disabled: "Отключён в каталоге",
  site: "Площадка", manager: "Руководитель", email: "Почта", location: "Место",
  localTime: "Местное время", outOfHours: "там нерабочее время", line: "Набранный номер", queue: "Очередь",
  agents: "Звонит у", answeredBy: "Ответил: {agent}", nameSent: "Переданное имя",
  match: "Совпадение", ruleE164: "Точный номер", ruleNational: "Тот же национальный номер",
  ruleSuffix: "Совпадают только последние цифры", ruleSupport: "ID поддержки", ruleEmployee: "Табельный номер",
  labelWork: "рабочий", labelMobile: "мобильный", labelHome: "домашний",
  callerId: "Номер звонящего", attestationA: "Номер подтверждён оператором",
  attestationB: "Клиент известен оператору, номер не подтверждён", attestationC: "Источник не подтверждён",
  attestationFailed: "Проверка не пройдена",
  open: "Открыть запись", copy: "Копировать номер", copied: "Скопировано", copyFailed: "Не удалось скопировать",
  dismiss: "Скрыть", dismissCall: "Скрыть: {who}", show: "Показать", showCall: "Показать: {who}",
  create: "Создать запись", search: "Найти", callBack: "Перезвонить", callBackTo: "Перезвонить: {who}",
  markSeen: "Отметить просмотренным", markCallSeen: "Отметить просмотренным: {who}",
  markAllSeen: "Отметить все просмотренными",
  reconnecting: "Связь потеряна. Повторяем…", offline: "Нет сети. Ждём…",
  stopped: "Отключено", revoked: "Доступ отозван. Войдите снова.",
  refused: "Этой странице нельзя пользоваться службой.", signIn: "Ждём нового входа…",
  log: "Журнал звонков", logEmpty: "Звонков пока нет", logFailed: "Не удалось прочитать журнал звонков.",
  logNew: "не просмотрен", moreMissed: "Ещё пропущенных в журнале: {count}",
  sound: "Звук", notifications: "Уведомления на рабочем столе",
  notificationsBlocked: "Браузер блокирует уведомления этой страницы.",
  announceIncoming: "Входящий звонок: {who}", announceOutgoing: "Исходящий звонок: {who}",
};

const TURKISH = {
  callers: "Arayanlar", idle: "Şu anda çağrı yok", call: "Çağrı", lookup: "Sorgu",
  incoming: "Gelen çağrı", outgoing: "Giden çağrı", internalCall: "Dahili çağrı",
  ringing: "Çalıyor", answered: "Görüşmede", held: "Beklemede", ended: "Bitti", duration: "Süre",
  resultAnswered: "Yanıtlandı", resultMissed: "Cevapsız çağrı", resultVoicemail: "Sesli mesaj",
  resultRejected: "Reddedildi", resultFailed: "Başarısız",
  searching: "Arayan aranıyor…", nobody: "Bilinmeyen numara",
  nobodyHint: "Rehberde bu numara kimsede yok.",
  withheld: "Gizli numara", withheldHint: "Arayan numarasını göstermiyor.",
  invalid: "Telefon numarası değil", invalidHint: "Telefon sisteminin gönderdiği: {raw}",
  internal: "Dahili arayan", extension: "Dahili {extension}",
  unavailable: "Rehbere ulaşılamıyor", unavailableHint: "Rehber yanıt verince ad gösterilecek.",
  lookupFailed: "Sorgu başarısız oldu. Yeniden deneyin.",
  stale: "Veri: {age}. Rehber yanıt vermiyor.",
  whoCalls: "Kim arıyor?", several: "Bu numaradaki kişiler: {count}",
  truncated: "Bu numara ondan fazla kişide var. On kişi gösteriliyor.",
  noneOfThese: "Hiçbiri", noneChosen: "Listedekilerden hiçbiri", chooseAgain: "Yeniden seç",
  notThisPerson: "Bu kişi değil", notSaved: "Seçim kaydedilemedi.",
  perhaps: "Belki {name}", uncertain: "Kesin değil", vip: "VIP", disabled: "Rehberde devre dışı",
  site: "Yerleşke", manager: "Yönetici", email: "E-posta", location: "Konum",
  localTime: "Yerel saat", outOfHours: "orada mesai dışı", line: "Aranan hat", queue: "Kuyruk",
  agents: "Çaldığı yer", answeredBy: "Yanıtlayan: {agent}", nameSent: "Gönderilen ad",
  match: "Eşleşme", ruleE164: "Tam numara", ruleNational: "Aynı ulusal numara",
  ruleSuffix: "Yalnızca son rakamlar uyuşuyor", ruleSupport: "Destek kimliği", ruleEmployee: "Sicil numarası",
  labelWork: "iş", labelMobile: "cep", labelHome: "ev",
  callerId: "Arayan kimliği", attestationA: "Numara operatörce doğrulandı",
  attestationB: "Müşteri operatörce biliniyor, numara doğrulanmadı", attestationC: "Kaynak doğrulanmadı",
  attestationFailed: "Doğrulama başarısız",
  open: "Kaydı aç", copy: "Numarayı kopyala", copied: "Kopyalandı", copyFailed: "Kopyalanamadı",
  dismiss: "Gizle", dismissCall: "Gizle: {who}", show: "Göster", showCall: "Göster: {who}",
  create: "Kişi oluştur", search: "Ara", callBack: "Geri ara", callBackTo: "Geri ara: {who}",
  markSeen: "Görüldü işaretle", markCallSeen: "Görüldü işaretle: {who}", markAllSeen: "Tümünü görüldü işaretle",
  reconnecting: "Bağlantı koptu. Yeniden deneniyor…", offline: "Ağ yok. Bekleniyor…",
  stopped: "Bağlantı kesildi", revoked: "Erişim kaldırıldı. Yeniden oturum açın.",
  refused: "Bu sayfa hizmeti kullanamaz.", signIn: "Yeni oturum bekleniyor…",
  log: "Çağrı kaydı", logEmpty: "Henüz çağrı yok", logFailed: "Çağrı kaydı okunamadı.", logNew: "görülmedi",
  moreMissed: "Kayıttaki diğer cevapsız çağrılar: {count}",
  sound: "Ses", notifications: "Masaüstü bildirimleri",
  notificationsBlocked: "Tarayıcı bu sayfanın bildirimlerini engelliyor.",
  announceIncoming: "Gelen çağrı: {who}", announceOutgoing: "Giden çağrı: {who}",
};

/** What the widget says, by language; every language has the same keys. */
export const TEXTS = deepFreeze({
  en: ENGLISH,
  de: GERMAN,
  fr: FRENCH,
  es: SPANISH,
  ru: RUSSIAN,
  tr: TURKISH,
});

const RIGHT_TO_LEFT = new Set(["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"]);

/** Give the two letters of the language that is spoken for a tag such as `de-CH`; English where none is. */
export function spokenLanguage(tag) {
  const language = String(tag ?? "")
    .toLowerCase()
    .split(/[-_]/u)[0];
  return Object.hasOwn(TEXTS, language) ? language : "en";
}

/** Freeze a value of JSON with all that is in it. */
function deepFreeze(value) {
  if (value !== null && typeof value === "object" && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

// ---------------------------------------------------------------------------------------------- time zones

// Facts: the directory writes a time zone as Rails does (ActiveSupport::TimeZone::MAPPING); browsers know IANA's names.
const RAILS_ZONES = Object.freeze({
  "International Date Line West": "Etc/GMT+12", "Midway Island": "Pacific/Midway",
  "American Samoa": "Pacific/Pago_Pago", Hawaii: "Pacific/Honolulu", Alaska: "America/Juneau",
  "Pacific Time (US & Canada)": "America/Los_Angeles", Tijuana: "America/Tijuana",
  "Mountain Time (US & Canada)": "America/Denver", Arizona: "America/Phoenix",
  Chihuahua: "America/Chihuahua", Mazatlan: "America/Mazatlan",
  "Central Time (US & Canada)": "America/Chicago", Saskatchewan: "America/Regina",
  Guadalajara: "America/Mexico_City", "Mexico City": "America/Mexico_City", Monterrey: "America/Monterrey",
  "Central America": "America/Guatemala", "Eastern Time (US & Canada)": "America/New_York",
  "Indiana (East)": "America/Indiana/Indianapolis", Bogota: "America/Bogota", Lima: "America/Lima",
  Quito: "America/Lima", "Atlantic Time (Canada)": "America/Halifax", Caracas: "America/Caracas",
  "La Paz": "America/La_Paz", Santiago: "America/Santiago", Asuncion: "America/Asuncion",
  Newfoundland: "America/St_Johns", Brasilia: "America/Sao_Paulo",
  "Buenos Aires": "America/Argentina/Buenos_Aires", Montevideo: "America/Montevideo",
  Georgetown: "America/Guyana", "Puerto Rico": "America/Puerto_Rico", Greenland: "America/Godthab",
  "Mid-Atlantic": "Atlantic/South_Georgia", Azores: "Atlantic/Azores",
  "Cape Verde Is.": "Atlantic/Cape_Verde", Dublin: "Europe/Dublin", Edinburgh: "Europe/London",
  Lisbon: "Europe/Lisbon", London: "Europe/London", Casablanca: "Africa/Casablanca",
  Monrovia: "Africa/Monrovia", UTC: "Etc/UTC", Belgrade: "Europe/Belgrade", Bratislava: "Europe/Bratislava",
  Budapest: "Europe/Budapest", Ljubljana: "Europe/Ljubljana", Prague: "Europe/Prague",
  Sarajevo: "Europe/Sarajevo", Skopje: "Europe/Skopje", Warsaw: "Europe/Warsaw", Zagreb: "Europe/Zagreb",
  Brussels: "Europe/Brussels", Copenhagen: "Europe/Copenhagen", Madrid: "Europe/Madrid",
  Paris: "Europe/Paris", Amsterdam: "Europe/Amsterdam", Berlin: "Europe/Berlin", Bern: "Europe/Zurich",
  Zurich: "Europe/Zurich", Rome: "Europe/Rome", Stockholm: "Europe/Stockholm", Vienna: "Europe/Vienna",
  "West Central Africa": "Africa/Algiers", Bucharest: "Europe/Bucharest", Cairo: "Africa/Cairo",
  Helsinki: "Europe/Helsinki", Kyiv: "Europe/Kiev", Kyev: "Europe/Kiev", Riga: "Europe/Riga",
  Sofia: "Europe/Sofia", Tallinn: "Europe/Tallinn", Vilnius: "Europe/Vilnius", Athens: "Europe/Athens",
  Istanbul: "Europe/Istanbul", Minsk: "Europe/Minsk", Jerusalem: "Asia/Jerusalem", Harare: "Africa/Harare",
  Pretoria: "Africa/Johannesburg", Kaliningrad: "Europe/Kaliningrad", Moscow: "Europe/Moscow",
  "St. Petersburg": "Europe/Moscow", Volgograd: "Europe/Volgograd", Samara: "Europe/Samara",
  Kuwait: "Asia/Kuwait", Riyadh: "Asia/Riyadh", Nairobi: "Africa/Nairobi", Baghdad: "Asia/Baghdad",
  Tehran: "Asia/Tehran", "Abu Dhabi": "Asia/Muscat", Muscat: "Asia/Muscat", Baku: "Asia/Baku",
  Tbilisi: "Asia/Tbilisi", Yerevan: "Asia/Yerevan", Kabul: "Asia/Kabul", Ekaterinburg: "Asia/Yekaterinburg",
  Islamabad: "Asia/Karachi", Karachi: "Asia/Karachi", Tashkent: "Asia/Tashkent", Chennai: "Asia/Kolkata",
  Kolkata: "Asia/Kolkata", Mumbai: "Asia/Kolkata", "New Delhi": "Asia/Kolkata", Kathmandu: "Asia/Kathmandu",
  Dhaka: "Asia/Dhaka", Astana: "Asia/Dhaka", "Sri Jayawardenepura": "Asia/Colombo", Almaty: "Asia/Almaty",
  Novosibirsk: "Asia/Novosibirsk", Rangoon: "Asia/Rangoon", Bangkok: "Asia/Bangkok", Hanoi: "Asia/Bangkok",
  Jakarta: "Asia/Jakarta", Krasnoyarsk: "Asia/Krasnoyarsk", Beijing: "Asia/Shanghai",
  Chongqing: "Asia/Chongqing", "Hong Kong": "Asia/Hong_Kong", Urumqi: "Asia/Urumqi",
  "Kuala Lumpur": "Asia/Kuala_Lumpur", Singapore: "Asia/Singapore", Taipei: "Asia/Taipei",
  Perth: "Australia/Perth", Irkutsk: "Asia/Irkutsk", Ulaanbaatar: "Asia/Ulaanbaatar", Seoul: "Asia/Seoul",
  Osaka: "Asia/Tokyo", Sapporo: "Asia/Tokyo", Tokyo: "Asia/Tokyo", Yakutsk: "Asia/Yakutsk",
  Darwin: "Australia/Darwin", Adelaide: "Australia/Adelaide", Canberra: "Australia/Canberra",
  Melbourne: "Australia/Melbourne", Sydney: "Australia/Sydney", Brisbane: "Australia/Brisbane",
  Hobart: "Australia/Hobart", Vladivostok: "Asia/Vladivostok", Guam: "Pacific/Guam",
  "Port Moresby": "Pacific/Port_Moresby", Magadan: "Asia/Magadan", Srednekolymsk: "Asia/Srednekolymsk",
  "Solomon Is.": "Pacific/Guadalcanal", "New Caledonia": "Pacific/Noumea", Fiji: "Pacific/Fiji",
  Kamchatka: "Asia/Kamchatka", "Marshall Is.": "Pacific/Majuro", Auckland: "Pacific/Auckland",
  Wellington: "Pacific/Auckland", "Nuku'alofa": "Pacific/Tongatapu", "Tokelau Is.": "Pacific/Fakaofo",
  "Chatham Is.": "Pacific/Chatham", Samoa: "Pacific/Apia",
});

/** Give the IANA name of a time zone under either name, or null if the browser does not know it. */
export function ianaZone(name) {
  if (typeof name !== "string" || !name) return null;
  const zone = Object.hasOwn(RAILS_ZONES, name) ? RAILS_ZONES[name] : name;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }) && zone;
  } catch {
    return null;
  }
}

/** Tell hour, minute and weekday (1 is Monday) of a moment in a zone. */
function wallClock(moment, zone) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    weekday: "short",
    hourCycle: "h23",
  });
  const parts = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
  const weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(parts.weekday) + 1;
  return { hour: Number(parts.hour), minute: Number(parts.minute), weekday };
}

/** Tell which weekdays are the weekend of a region; Saturday and Sunday where the browser does not know. */
function weekendOf(region) {
  try {
    const locale = new Intl.Locale(`und-${region}`);
    return (locale.getWeekInfo?.() ?? locale.weekInfo).weekend;
  } catch {
    return [6, 7];
  }
}

/** Tell whether a moment lies before 8, after 18, or on the weekend, in a zone of a region. */
export function isOutOfHours(moment, zone, region) {
  const { hour, weekday } = wallClock(moment, zone);
  return hour < 8 || hour >= 18 || weekendOf(region).includes(weekday);
}

/**
 * Give the zones a caller may be in, one for each different time of day.
 *
 * A person's own zone is surer than the zones of a number, which may be a mobile one. A number of more than four
 * different times (a satellite's, a toll-free one) says nothing.
 */
export function zonesOf(person, caller, moment) {
  const own = ianaZone(person?.time_zone);
  if (own) return [own];
  const byTime = new Map();
  for (const zone of (caller?.time_zones ?? []).map(ianaZone).filter(Boolean)) {
    const { hour, minute, weekday } = wallClock(moment, zone);
    const sortedFirst = weekday * 1440 + hour * 60 + minute;
    if (!byTime.has(sortedFirst)) byTime.set(sortedFirst, zone);
  }
  if (byTime.size > 4) return [];
  return [...byTime].sort(([one], [other]) => one - other).map(([, zone]) => zone);
}

// ---------------------------------------------------------------------------------------------- event streams

/**
 * Reads `text/event-stream` from bytes as they come.
 *
 * Facts (HTML Standard, 9.2.5 and 9.2.6): lines end in CR, LF or CRLF; one blank after the colon belongs to the field;
 * several `data` lines are joined by LF; an event without data is none; an id with a NUL is ignored; ids stay.
 */
export class EventStreamParser {
  #decoder = new TextDecoder(); // holds back the first bytes of a character, and drops a byte order mark
  #rest = "";
  #skipsLineFeed = false;
  #data = [];
  #type = "";
  #id = "";
  /** Milliseconds the service wants a client to wait, or null. */
  retry = null;

  /** Take bytes; give the events that are complete by now, as `{type, data, id}`. */
  push(bytes) {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    const events = this.#lines()
      .map((line) => this.#take(line))
      .filter(Boolean);
    if (this.#rest.length > LONGEST_EVENT) throw new RangeError("an event without an end");
    return events;
  }

  #lines() {
    if (this.#skipsLineFeed && this.#rest) {
      this.#skipsLineFeed = false;
      if (this.#rest.startsWith("\n")) this.#rest = this.#rest.slice(1);
    }
    // a CR that ends the bytes ends its line at once: the LF that may follow is skipped when it comes
    if (this.#rest.endsWith("\r")) this.#skipsLineFeed = true;
    const lines = this.#rest.split(/\r\n|\r|\n/u);
    this.#rest = lines.pop();
    return lines;
  }

  #take(line) {
    if (line === "") return this.#complete();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /u, "");
    this.#set(field, value);
    return null;
  }

  #set(field, value) {
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^[0-9]+$/u.test(value)) this.retry = Number(value);
  }

  #complete() {
    const [data, type] = [this.#data, this.#type || "message"];
    [this.#data, this.#type] = [[], ""];
    return data.length > 0 ? { type, data: data.join("\n"), id: this.#id } : null;
  }
}

// ---------------------------------------------------------------------------------------------- tokens, requests

/** Holds the agent's token, and asks the page for another when there is none: one question at a time. */
class TokenKeeper {
  #token = null;
  #provider = null;
  #pending = null;
  #arrived = null;
  #needed;

  /** @param {() => void} needed is called when only the page can help */
  constructor(needed) {
    this.#needed = needed;
  }

  get current() {
    return this.#token;
  }

  get provider() {
    return this.#provider;
  }

  set provider(provider) {
    this.#provider = typeof provider === "function" ? provider : null;
    if (this.#provider) this.#arrived?.();
  }

  /** Take a token, or null; tell whether it is another than before. */
  set(token) {
    const changed = this.#token !== token;
    this.#token = token;
    if (token) this.#arrived?.();
    return changed;
  }

  /** Forget a token that was refused, unless there is another by now. */
  discard(token) {
    if (this.#token === token) this.#token = null;
  }

  async get() {
    return this.#token ?? this.fresh();
  }

  /** Ask for another token; without a provider, wait until the page sets one. */
  fresh() {
    this.#pending ??= this.#ask().finally(() => {
      [this.#pending, this.#arrived] = [null, null];
    });
    return this.#pending;
  }

  async #ask() {
    if (this.#provider) return this.#provided();
    await this.#helped();
    return this.#token ?? this.#provided();
  }

  /** Wait until the page sets a token or a provider. */
  #helped() {
    return new Promise((resolve) => {
      this.#arrived = resolve;
      this.#needed();
    });
  }

  async #provided() {
    const token = await withinTime(this.#provider(), PROVIDER_PATIENCE);
    if (typeof token !== "string" || !token) throw new TypeError("the tokenProvider gave no token");
    this.set(token);
    return token;
  }
}

function withinTime(promise, milliseconds) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("too slow")), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Asks the service; every request carries the token in a header, and nothing else of the page. */
class Service {
  #base;
  #tokens;

  constructor(base, tokens) {
    this.#base = base.endsWith("/") ? base : `${base}/`;
    this.#tokens = tokens;
  }

  /** Open the stream after an event; the token is the caller's, who has to know which one was refused. */
  stream(token, lastId, signal) {
    const headers = { Accept: "text/event-stream", ...(lastId && { "Last-Event-ID": lastId }) };
    return this.#send("v1/calls/stream", token, { headers, signal });
  }

  async calls() {
    const { calls } = await this.#json(`v1/calls?limit=${LOG_LENGTH}`);
    return calls.filter(isCall).map(deepFreeze);
  }

  async lookup(number) {
    return deepFreeze(await this.#json(`v1/lookup?telephone=${encodeURIComponent(number)}`));
  }

  async see(id) {
    await this.#ask(`v1/calls/${encodeURIComponent(id)}/seen`, { method: "POST" });
  }

  async choose(id, personId) {
    const body = JSON.stringify({ person_id: personId });
    const headers = { "Content-Type": "application/json" };
    await this.#ask(`v1/calls/${encodeURIComponent(id)}/person`, { method: "POST", body, headers });
  }

  async #json(path) {
    const response = await this.#ask(path, { headers: { Accept: "application/json" } });
    return response.json();
  }

  /** Ask, once more with another token if the first was refused; only an answer that says yes is given. */
  async #ask(path, options, again = true) {
    const token = await this.#tokens.get();
    const response = await this.#send(path, token, options);
    if (response.status === 401 && again) {
      this.#tokens.discard(token);
      return this.#ask(path, options, false);
    }
    if (!response.ok) throw new Error(`the service answered ${response.status}`);
    return response;
  }

  #send(path, token, options) {
    return fetch(new URL(path, this.#base), {
      cache: "no-store",
      credentials: "omit",
      mode: "cors",
      redirect: "error",
      referrerPolicy: "no-referrer",
      ...options,
      headers: { ...options.headers, Authorization: `Bearer ${token}` },
    });
  }
}

function isCall(value) {
  return typeof value?.id === "string" && typeof value.state === "string" && typeof value.lookup === "object";
}

// ---------------------------------------------------------------------------------------------- the feed

/** Calls back when nothing was heard for a while. */
class Watchdog {
  #timer;
  #bark;

  constructor(bark) {
    this.#bark = bark;
    this.feed();
  }

  feed() {
    this.stop();
    this.#timer = setTimeout(this.#bark, SILENCE);
  }

  stop() {
    clearTimeout(this.#timer);
  }
}

const AFTER_BYE = Object.freeze({ shutdown: "soon", slow: "soon", expired: "token", revoked: "stop" });

/**
 * Follows the stream of calls through lost connections, restarts and new tokens.
 *
 * `heard(type, data)` gets every event of the stream; `moved(state, reason)` gets `connected`, `reconnecting` and
 * `stopped`. A session ends with what comes next: `again` at once, `soon` after a restart, `retry` after a wait that
 * grows, `token` when another one is needed, `stop`.
 */
class Feed {
  #service;
  #tokens;
  #heard;
  #moved;
  #life = null; // the identity of the running loop: a loop that is not the newest ends itself
  #controller = null;
  #wake = null;
  #lastId = "";
  #greetedAt = null;

  constructor({ service, tokens, heard, moved }) {
    this.#service = service;
    this.#tokens = tokens;
    this.#heard = heard;
    this.#moved = moved;
  }

  start() {
    if (this.#life) return;
    this.#life = {};
    this.#live(this.#life);
  }

  stop() {
    this.#life = null;
    this.#controller?.abort("stopped");
    this.#wake?.();
  }

  /** Open the stream again with a new token; what is missed meanwhile is replayed. */
  renew() {
    this.#controller?.abort("renewed");
    this.#wake?.();
  }

  /** Try at once: the network or the page came back. */
  hurry() {
    this.#wake?.();
  }

  /** Drop a connection that is dead without knowing it. */
  drop(reason) {
    this.#controller?.abort(reason);
  }

  async #live(life) {
    let failures = 0;
    while (this.#life === life) {
      const { next, reason, wait } = await this.#session(life);
      if (this.#life !== life) return;
      if (next === "stop") {
        this.#life = null;
        this.#moved("stopped", reason);
        return;
      }
      failures = this.#wasSteady() ? 0 : failures + 1;
      if (next !== "again") this.#moved("reconnecting", reason);
      await this.#pause(waitBefore(next, failures, wait));
    }
  }

  #wasSteady() {
    return this.#greetedAt !== null && performance.now() - this.#greetedAt >= STEADY;
  }

  #pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #session(life) {
    this.#greetedAt = null;
    const token = await this.#tokens.get().catch(() => null);
    if (token === null) return { next: "retry", reason: "signIn" };
    if (this.#life !== life) return { next: "stop" };
    const controller = new AbortController();
    this.#controller = controller;
    const watchdog = new Watchdog(() => controller.abort("silent"));
    try {
      const response = await this.#service.stream(token, this.#lastId, controller.signal);
      return (await this.#refusal(response, token)) ?? (await this.#read(response, token, watchdog));
    } catch {
      const { reason } = controller.signal;
      return {
        next: reason === "renewed" ? "again" : "retry",
        reason: navigator.onLine ? "lost" : "offline",
      };
    } finally {
      watchdog.stop();
      controller.abort("over");
    }
  }

  async #refusal(response, token) {
    if (response.status === 401) return this.#refused(token, await problemCode(response));
    if (response.status === 403) return { next: "stop", reason: "refused" };
    const type = response.headers.get("Content-Type") ?? "";
    if (response.ok && type.startsWith("text/event-stream")) return null;
    return { next: "retry", reason: "lost", wait: Number(response.headers.get("Retry-After")) * SECOND || 0 };
  }

  #refused(token, code) {
    if (code === "token_revoked") return { next: "stop", reason: "revoked" };
    this.#tokens.discard(token);
    return { next: "token", reason: "signIn" };
  }

  async #read(response, token, watchdog) {
    const reader = response.body.getReader();
    const parser = new EventStreamParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { next: "retry", reason: "lost" };
      watchdog.feed();
      for (const event of parser.push(value)) {
        const verdict = this.#take(event, token);
        if (verdict) return verdict;
      }
    }
  }

  #take({ type, data, id }, token) {
    const told = parsed(data);
    if (told === null) return null;
    if (type === "bye") return this.#parted(told.reason, token);
    if (type === "hello") {
      this.#greetedAt = performance.now();
      this.#moved("connected", null);
    }
    this.#heard(type, told);
    if (id) this.#lastId = id; // last: what could not be taken is asked for again
    return null;
  }

  #parted(reason, token) {
    if (reason === "expired") this.#tokens.discard(token);
    const next = Object.hasOwn(AFTER_BYE, reason) ? AFTER_BYE[reason] : "retry";
    return { next, reason: { expired: "signIn", revoked: "revoked" }[reason] ?? "lost" };
  }
}

/** Give the milliseconds to wait: drawn by lot, so that not all agents come back in the same moment. */
function waitBefore(next, failures, atLeast = 0) {
  if (next === "again" || (next === "token" && failures <= 1)) return 0;
  const most =
    next === "soon" ? 2 * SECOND : Math.min(LONGEST_WAIT, SHORTEST_WAIT * 2 ** Math.min(failures, 10));
  const drawn = SHORTEST_WAIT + Math.random() * Math.max(0, most - SHORTEST_WAIT);
  return Math.max(drawn, Math.min(atLeast, 60 * SECOND));
}

async function problemCode(response) {
  const problem = parsed(await response.text());
  return problem?.code ?? null;
}

function parsed(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

// ---------------------------------------------------------------------------------------------- one tab pops

/**
 * Elects the tab in which a call pops: the visible one, else the one last focused.
 *
 * Tabs of one origin see each other's locks and nothing is stored: a visible tab shares the lock `visible`, the one that
 * was focused last holds `focused`, and whoever pops a call holds a lock of the call's. A tab that is gone has none of
 * them. Were the elected tab to fail, another takes the call after 1.5 s. Without locks (plain HTTP) only visible tabs pop.
 */
class TabElection {
  #scope;
  #locks = navigator.locks ?? null;
  #channel = null;
  #releases = new Map();
  #settled = new Set();
  #ready = Promise.resolve();
  #heard;
  #onChange = () => this.#stand();

  /** @param {(word: "dismissed", id: string) => void} heard is told what other tabs did */
  constructor(heard) {
    this.#heard = heard;
  }

  /** Stand for election among the widgets of the same service and agent. */
  enter(scope) {
    if (this.#scope === scope) return;
    this.leave();
    this.#scope = scope;
    this.#channel = new BroadcastChannel(scope);
    this.#channel.onmessage = ({ data }) => this.#take(data);
    this.#channel.postMessage({ word: "ask" });
    document.addEventListener("visibilitychange", this.#onChange);
    window.addEventListener("focus", this.#onChange);
    this.#ready = Promise.all([this.#stand(), new Promise((resolve) => setTimeout(resolve, 50))]);
  }

  leave() {
    if (!this.#scope) return;
    document.removeEventListener("visibilitychange", this.#onChange);
    window.removeEventListener("focus", this.#onChange);
    this.#releases.forEach((release) => release());
    this.#releases.clear();
    this.#channel.close();
    this.#scope = null;
  }

  /** Tell whether some tab has shown the call already. */
  isSettled(id) {
    return this.#settled.has(id);
  }

  /** Tell whether this tab shows the call: true once, in one tab. */
  async elect(id) {
    await this.#ready;
    if (!this.#scope || this.#settled.has(id)) return false;
    if (!(await this.#isPreferred())) {
      await new Promise((resolve) => setTimeout(resolve, ELECTION_PATIENCE));
      if (!this.#locks && document.visibilityState !== "visible") return false;
    }
    return this.#claim(id);
  }

  /** Let the lock of a call go that is over. */
  forget(id) {
    this.#release(`call/${id}`);
  }

  tellDismissed(id) {
    this.#channel?.postMessage({ word: "dismissed", id });
  }

  #take({ word, id }) {
    if (word === "popped") this.#settle(id);
    else if (word === "ask")
      this.#settled.forEach((one) => this.#channel.postMessage({ word: "popped", id: one }));
    else if (word === "dismissed") this.#heard(word, id);
  }

  #settle(id) {
    this.#settled.add(id);
    if (this.#settled.size > MOST_REMEMBERED) this.#settled.delete(this.#settled.values().next().value);
  }

  async #stand() {
    if (!this.#locks) return;
    const visible = document.visibilityState === "visible";
    if (visible) await this.#hold("visible", { mode: "shared" });
    else this.#release("visible");
    if (document.hasFocus()) await this.#hold("focused", { steal: true });
    else if (visible) await this.#hold("focused", { ifAvailable: true });
  }

  async #isPreferred() {
    if (!this.#locks) return document.visibilityState === "visible";
    const { held } = await this.#locks.query();
    const holders = (name) =>
      held.filter((lock) => lock.name === `${this.#scope}/${name}`).map((lock) => lock.clientId);
    const [visible, [focused]] = [holders("visible"), holders("focused")];
    if (visible.length === 0) return focused === undefined || this.#releases.has("focused");
    return visible.includes(focused) ? this.#releases.has("focused") : this.#releases.has("visible");
  }

  async #claim(id) {
    if (this.#settled.has(id)) return false;
    if (this.#locks && !(await this.#hold(`call/${id}`, { ifAvailable: true }))) return false;
    if (this.#settled.has(id)) return false;
    this.#settle(id);
    this.#channel?.postMessage({ word: "popped", id });
    return true;
  }

  /** Hold a lock until it is released or stolen; tell whether it could be had. */
  #hold(name, options) {
    if (this.#releases.has(name)) return Promise.resolve(true);
    return new Promise((told) => {
      const holding = (lock) => {
        told(lock !== null);
        return lock && new Promise((release) => this.#releases.set(name, release));
      };
      this.#locks.request(`${this.#scope}/${name}`, options, holding).catch(() => {
        this.#releases.delete(name); // stolen by the tab that has the focus now
        told(false);
      });
    });
  }

  #release(name) {
    this.#releases.get(name)?.();
    this.#releases.delete(name);
  }
}

/** Read whom a token names, only to tell agents in one browser apart: the service is who verifies it. */
function subjectOf(token) {
  try {
    const payload = atob(token.split(".")[1].replace(/-/gu, "+").replace(/_/gu, "/"));
    return String(JSON.parse(payload).sub);
  } catch {
    return "";
  }
}

// ---------------------------------------------------------------------------------------------- cards as state

/**
 * What is shown of one call. `place` is `open` (a card), `row` (one line) or `away`.
 *
 * `call` is frozen and replaced as a whole; the rest is what this widget alone knows.
 */
class Card {
  place = "row";
  popped = false;
  announced = false;
  electing = false;
  choosing = false;
  leaving = false;
  kept = false;
  option = 0;
  copied = null;
  note = null;
  endedAt = null;

  constructor(key, call) {
    this.key = key;
    this.call = call;
  }

  get isLookup() {
    return this.call.state === "lookup";
  }

  get isLive() {
    return !this.isLookup && this.call.state !== "ended";
  }

  get isMissed() {
    return this.call.state === "ended" && this.call.result === "missed" && this.call.direction !== "outbound";
  }

  get outcome() {
    return this.call.lookup.outcome;
  }

  get people() {
    return (this.call.lookup.people ?? []).filter((person) => person !== null && typeof person === "object");
  }

  get chosen() {
    return this.call.chosen ?? null;
  }

  /** The person who is taken to be calling, or null while that is open. */
  get person() {
    if (this.outcome !== "matched" || this.choosing) return null;
    const chosen = this.people.find((person) => person.id === this.chosen);
    if (chosen) return chosen;
    const certain = this.people.length === 1 && !this.call.lookup.truncated;
    return certain && this.chosen !== 0 ? this.people[0] : null;
  }

  /** Whether somebody has to be chosen from the list. */
  get isOpenQuestion() {
    return this.outcome === "matched" && this.person === null && (this.choosing || this.chosen !== 0);
  }
}

const PLACES = Object.freeze({ answered: 0, ringing: 1, lookup: 1, held: 2, ended: 3 });

/** All calls this widget knows, by id; states that are older than what is known are left out. */
class Board {
  #cards = new Map();
  #past = new Map(); // what became of calls that are not known any more: they must not pop again
  #keys = 0;

  get(id) {
    return this.#cards.get(id) ?? null;
  }

  /** Give the cards as they are shown: the call one is in, then the newest. */
  get inOrder() {
    const rank = ({ call }) => PLACES[call.state] ?? 1;
    return [...this.#cards.values()].sort((one, other) => rank(one) - rank(other) || other.key - one.key);
  }

  get calls() {
    return [...this.#cards.values()].filter((card) => !card.isLookup).map((card) => card.call);
  }

  /** Take a call's newer state; null if it is not newer. */
  apply(call) {
    const card = this.#cards.get(call.id);
    if (card && call.revision <= card.call.revision) return null;
    return this.#put(call);
  }

  /** Take the calls there are; all others are forgotten, but for look-ups, which are no calls. */
  replace(calls) {
    const now = new Set(calls.map((call) => call.id));
    for (const card of this.#cards.values())
      if (!card.isLookup && !now.has(card.call.id)) this.remove(card.call.id);
    return calls.map((call) => this.#put(call));
  }

  /** Tell whether a call is news to the board: one that is over and was taken away, or needs nobody, comes up no more. */
  welcomes(call) {
    if (this.#cards.has(call.id) || call.state !== "ended") return true;
    return isUnseen(call) && !this.#past.has(call.id);
  }

  remove(id) {
    const card = this.#cards.get(id);
    if (!card) return;
    this.#cards.delete(id);
    this.#past.set(id, { popped: card.popped, announced: card.announced });
    if (this.#past.size > MOST_REMEMBERED) this.#past.delete(this.#past.keys().next().value);
  }

  #put(call) {
    const card =
      this.#cards.get(call.id) ?? Object.assign(new Card(++this.#keys, call), this.#past.get(call.id));
    card.call = call;
    if (call.state === "ended") card.endedAt ??= performance.now();
    this.#cards.set(call.id, card);
    return card;
  }
}

// ---------------------------------------------------------------------------------------------- formatting

/** Says things in one language, and in the manner of the page's locale. */
class Wording {
  #texts;
  #locale;

  constructor(tag) {
    this.language = spokenLanguage(tag);
    this.#texts = TEXTS[this.language];
    this.#locale =
      tag && spokenLanguage(tag) === String(tag).toLowerCase().slice(0, 2) ? validLocale(tag) : this.language;
  }

  /** Give a text with its `{places}` filled in. */
  text(key, values = {}) {
    return this.#texts[key].replace(/\{(\w+)\}/gu, (place, name) => values[name] ?? place);
  }

  /** Give the text that stands for a word of the service, or the word itself if it is a new one. */
  word(prefix, word) {
    const key = prefix
      ? `${prefix}${String(word).charAt(0).toUpperCase()}${String(word).slice(1)}`
      : String(word);
    return Object.hasOwn(this.#texts, key) ? this.#texts[key] : String(word);
  }

  duration(milliseconds) {
    const seconds = Math.max(0, Math.floor(milliseconds / SECOND));
    const two = (number) => String(number).padStart(2, "0");
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
  }

  clock(moment, zone) {
    const options = { weekday: "short", hour: "numeric", minute: "2-digit", timeZone: zone };
    return new Intl.DateTimeFormat(this.#locale, options).format(moment);
  }

  /** Say when a call was: the time of today, day and time of others. */
  when(moment, now) {
    const today = new Date(moment).toDateString() === new Date(now).toDateString();
    const day = today ? {} : { day: "numeric", month: "short" };
    return new Intl.DateTimeFormat(this.#locale, { ...day, hour: "numeric", minute: "2-digit" }).format(
      moment,
    );
  }

  ago(seconds) {
    const [unit, length] = [
      ["day", 86400],
      ["hour", 3600],
      ["minute", 60],
      ["second", 1],
    ].find(([, size]) => seconds >= size || size === 1);
    return new Intl.RelativeTimeFormat(this.#locale, { numeric: "auto" }).format(
      -Math.floor(seconds / length),
      unit,
    );
  }

  region(code) {
    try {
      return new Intl.DisplayNames([this.#locale], { type: "region" }).of(code);
    } catch {
      return code;
    }
  }
}

function validLocale(tag) {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return "en";
  }
}

/** Give an address that is safe to follow, or null: http, https and tel, and nothing that runs. */
export function safeLink(address) {
  if (typeof address !== "string" || !address) return null; // `new URL(null, base)` is a page called "null"
  try {
    const url = new URL(address, document.baseURI);
    return ["http:", "https:", "tel:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function numberLink(template, number) {
  return template && number ? safeLink(template.replaceAll("{number}", encodeURIComponent(number))) : null;
}

function shownNumber(caller) {
  return caller?.national || caller?.e164 || caller?.raw || "";
}

function initials(name) {
  const words = String(name)
    .replace(/[^\p{L}\p{N}\s]/gu, "")
    .split(/\s+/u)
    .filter(Boolean);
  return [words[0], words.length > 1 ? words.at(-1) : null]
    .map((word) => (word ? [...word][0] : ""))
    .join("")
    .toUpperCase();
}

const WEAK_RULES = Object.freeze(["suffix"]);
const RULE_TEXTS = Object.freeze({
  e164: "ruleE164",
  national: "ruleNational",
  suffix: "ruleSuffix",
  supportID: "ruleSupport",
  employeeID: "ruleEmployee",
});

function isWeak(person) {
  return WEAK_RULES.includes(person.match?.rule);
}

// ---------------------------------------------------------------------------------------------- DOM

const SVG = "http://www.w3.org/2000/svg";
const INERT = document.implementation.createHTMLDocument(""); // a picture is not fetched until it is put on the page

/** Make an element; texts are text, `true` is an attribute without value, null leaves it out. */
function h(tag, attributes = {}, ...children) {
  return filled(INERT.createElement(tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children
      .flat()
      .filter((child) => child !== null && child !== undefined && child !== false && child !== "")
      .map((child) => (typeof child === "string" ? brief(child) : child)),
  );
  return element;
}

/** Cut a text that is longer than anybody reads while a phone rings. */
function brief(text) {
  const letters = text.length > LONGEST_TEXT ? [...text.slice(0, 2 * LONGEST_TEXT)] : [];
  return letters.length > LONGEST_TEXT ? `${letters.slice(0, LONGEST_TEXT - 1).join("")}…` : text;
}

// Drawn on a grid of 24, one stroke each.
const ICONS = Object.freeze({
  phone: "M6 3.5h3l1.6 4.6-2.2 1.7a12 12 0 0 0 5.8 5.8l1.7-2.2 4.6 1.6v3a2 2 0 0 1-2.2 2A16 16 0 0 1 4 5.7a2 2 0 0 1 2-2.2z",
  incoming: "M19 4l-9 9M10 6v7h7M5 20h14",
  outgoing: "M5 16l9-9M7 7h7v7M5 20h14",
  missed: "M4 8l7 7 9-9M4 13V8h5M5 20h14",
  held: "M9 6v12M15 6v12",
  voicemail: "M6.5 9.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM17.5 9.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM6.5 16.5h11",
  person: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4.5 20.5a7.5 7.5 0 0 1 15 0",
  people: "M9 5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM2.5 20a6.5 6.5 0 0 1 13 0M15.5 5.4a3.5 3.5 0 0 1 0 6.2M18 14.4a6.5 6.5 0 0 1 3.5 5.6",
  unknown: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM9.5 9.6a2.6 2.6 0 1 1 3.7 2.4c-.8.4-1.2.9-1.2 1.8M12 16.6v.2",
  hidden: "M3 3l18 18M9.5 5.4A10 10 0 0 1 12 5c5.5 0 9 7 9 7a15 15 0 0 1-2.7 3.6M6.4 7A15 15 0 0 0 3 12s3.5 7 9 7a9 9 0 0 0 4.6-1.3",
  warning: "M12 4l9 16H3zM12 10v4.5M12 17.2v.2",
  star: "M12 3.5l2.6 5.5 6 .8-4.4 4.2 1.1 6-5.3-2.9-5.3 2.9 1.1-6-4.4-4.2 6-.8z",
  check: "M4.5 12.5l5 5 10-11",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  open: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  search: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L20 20",
  plus: "M12 5v14M5 12h14",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 20.5h4",
  sound: "M4 9.5v5h3.5L12 19V5L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  list: "M9 6h11M9 12h11M9 18h11M4.5 6v.1M4.5 12v.1M4.5 18v.1",
  offline: "M3 3l18 18M8.5 15.5a5 5 0 0 1 5.5-1M5 11.5a10 10 0 0 1 5-2.7M14.5 8.9a10 10 0 0 1 4.5 2.6M12 19v.1",
});

function icon(name, className = "") {
  const svg = INERT.createElementNS(SVG, "svg");
  const path = INERT.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  const attributes = {
    class: `icon ${className}`.trim(),
    viewBox: "0 0 24 24",
    "aria-hidden": "true",
    focusable: "false",
  };
  return filled(svg, attributes, [path]);
}

/**
 * Make an element look like a fresh one without replacing it, so that focus, selection and animations stay.
 *
 * Children with `data-key` are told apart by it, others by their place.
 */
function morph(old, fresh) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const keyed = new Map([...old.children].filter(keyOf).map((child) => [keyOf(child), child]));
  let place = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const same = keyOf(child) ? keyed.get(keyOf(child)) : isAlike(place, child) && place;
    if (!same) old.insertBefore(child, place);
    else if (same === place) place = place.nextSibling;
    else move(old, same, place);
    if (same) update(same, child);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;
}

function isAlike(old, fresh) {
  return old !== null && old.nodeName === fresh.nodeName && !keyOf(old);
}

function update(old, fresh) {
  if (old.nodeType === Node.ELEMENT_NODE) morph(old, fresh);
  else if (old.data !== fresh.data) old.data = fresh.data;
}

function move(parent, child, place) {
  if (parent.moveBefore)
    parent.moveBefore(child, place); // keeps the focus where it is
  else parent.insertBefore(child, place);
}

// ---------------------------------------------------------------------------------------------- views

/**
 * Draws cards, rows and the log: state in, elements out. What a click does is named by `data-action`, and on which card
 * by `data-card`.
 */
class View {
  constructor({ wording, now, templates, pictures }) {
    this.wording = wording;
    this.now = now;
    this.templates = templates;
    this.pictures = pictures;
  }

  text(key, values) {
    return this.wording.text(key, values);
  }

  // -- words about a call

  /** Name whoever calls in one line, for announcements and labels. */
  who(card) {
    return brief(this.#who(card));
  }

  #who(card) {
    const { person, people } = card;
    if (person) return [this.#name(person), person.organization?.name].filter(Boolean).join(", ");
    const organizations = new Set(people.map((one) => one.organization?.name));
    const shared = organizations.size === 1 ? [...organizations][0] : null;
    if (card.isOpenQuestion)
      return [shared, this.text("several", { count: people.length })].filter(Boolean).join(", ");
    const number = card.outcome === "withheld" ? "" : shownNumber(card.call.lookup.caller);
    return this.#namesOutcome(card) ? [this.#headline(card), number].filter(Boolean).join(", ") : number;
  }

  #namesOutcome({ outcome }) {
    return ["withheld", "invalid", "internal", "nobody"].includes(outcome);
  }

  #name(person) {
    return isWeak(person) ? this.text("perhaps", { name: person.name }) : person.name;
  }

  #headline(card) {
    const { person, outcome } = card;
    if (person) return this.#name(person);
    if (card.isOpenQuestion) return this.text("whoCalls");
    if (outcome === "matched") return this.text("noneChosen");
    return this.#namesOutcome(card)
      ? this.text(outcome)
      : shownNumber(card.call.lookup.caller) || this.text("call");
  }

  #kind({ call }) {
    if (call.state === "lookup") return this.text("lookup");
    return this.text({ outbound: "outgoing", internal: "internalCall" }[call.direction] ?? "incoming");
  }

  #state(card) {
    const { call } = card;
    if (card.isLookup) return null;
    const ended = call.state === "ended" && call.result;
    const words = ended ? this.wording.word("result", call.result) : this.wording.word("", call.state);
    const lasted = this.#lasted(call);
    return h(
      "span",
      { class: "state" },
      words,
      lasted !== null &&
        h(
          "span",
          { class: "timer", role: "timer", "aria-label": this.text("duration") },
          this.wording.duration(lasted),
        ),
    );
  }

  /** Milliseconds a call has been ringing or spoken; null where that says nothing. */
  #lasted(call) {
    const [started, answered, ended] = [call.started_at, call.answered_at, call.ended_at].map((at) =>
      Date.parse(at ?? ""),
    );
    if (call.state === "ended") return answered && ended ? ended - answered : null;
    return this.now - (call.state !== "ringing" && answered ? answered : started);
  }

  // -- a card

  card(card) {
    const { call } = card;
    const attributes = {
      class: `card is-${call.state} ${card.isMissed ? "is-missed" : ""} ${card.leaving ? "is-leaving" : ""}`,
      "data-key": `card-${card.key}`,
      "data-call": call.id,
      "aria-labelledby": `name-${card.key}`,
    };
    return h(
      "article",
      attributes,
      this.#top(card),
      this.#identity(card),
      this.#body(card),
      this.#actions(card),
    );
  }

  #top(card) {
    return h(
      "div",
      { class: "top" },
      icon(this.#stateIcon(card), "state-icon"),
      h("span", { class: "kind" }, this.#kind(card)),
      this.#state(card),
      this.#dismissButton(card),
    );
  }

  #dismissButton(card) {
    const label = this.text("dismissCall", { who: this.who(card) });
    const attributes = { type: "button", class: "plain", "data-action": "dismiss", "data-card": card.key };
    return h("button", { ...attributes, "aria-label": label, title: this.text("dismiss") }, icon("close"));
  }

  #stateIcon(card) {
    const { call } = card;
    if (card.isLookup) return "search";
    if (call.state === "held") return "held";
    if (card.isMissed) return "missed";
    if (call.result === "voicemail") return "voicemail";
    if (call.direction === "outbound") return "outgoing";
    if (call.state === "ringing") return "incoming";
    return "phone";
  }

  #identity(card) {
    const { person, call } = card;
    const pending = card.outcome === "pending";
    return h(
      "div",
      { class: "identity" },
      this.#avatar(card),
      h(
        "div",
        { class: "names" },
        h(
          "h2",
          { class: "name", id: `name-${card.key}` },
          h("bdi", {}, this.#headline(card)),
          person?.vip && this.#vip(),
          person?.disabled && h("span", { class: "badge" }, this.text("disabled")),
        ),
        person && this.#position(person),
        pending && h("p", { class: "searching" }, this.text("searching")),
        pending && h("div", { class: "skeleton", "aria-hidden": "true" }, h("span"), h("span")),
        this.#numberLine(card),
      ),
    );
  }

  #avatar(card) {
    const { person } = card;
    const picture = person ? this.pictures(person.picture_uri) : null;
    const kind = [person?.vip && "is-vip", person && isWeak(person) && "is-guess"].filter(Boolean);
    const attributes = { class: ["avatar", ...kind].join(" "), "aria-hidden": "true" };
    if (picture)
      return h(
        "span",
        attributes,
        initials(person.name),
        h("img", { src: picture, alt: "", referrerpolicy: "no-referrer" }),
      );
    return h(
      "span",
      attributes,
      person && initials(person.name) ? initials(person.name) : icon(this.#outcomeIcon(card)),
    );
  }

  #outcomeIcon(card) {
    if (card.isOpenQuestion) return "people";
    const icons = { withheld: "hidden", invalid: "warning", unavailable: "offline", nobody: "unknown" };
    return icons[card.outcome] ?? "person";
  }

  #vip() {
    return h("span", { class: "badge is-vip" }, icon("star"), this.text("vip"));
  }

  #position(person) {
    const parts = [person.job_title, person.organization?.name].filter(Boolean);
    return (
      parts.length > 0 &&
      h(
        "p",
        { class: "position" },
        parts.flatMap((part, at) => [at > 0 && " · ", h("bdi", {}, part)]),
      )
    );
  }

  #numberLine(card) {
    const { caller } = card.call.lookup;
    const isShown =
      ["withheld", "invalid"].includes(card.outcome) || this.#headline(card) === shownNumber(caller);
    const number = isShown ? "" : shownNumber(caller);
    const extension = caller?.extension && this.text("extension", { extension: caller.extension });
    if (!number && !extension && !caller?.region) return null;
    return h(
      "p",
      { class: "number-line" },
      number && h("bdi", { class: "number", dir: "ltr", title: caller.e164 }, number),
      extension && h("span", { class: "aside" }, extension),
      caller?.region && h("span", { class: "aside" }, this.wording.region(caller.region)),
    );
  }

  // -- what is known

  #body(card) {
    const { call } = card;
    return h(
      "div",
      { class: "body" },
      this.#hints(card),
      call.lookup.tier === "stale" && this.#stale(call.lookup),
      card.isOpenQuestion && this.#choice(card),
      this.#facts(card),
      card.note && h("p", { class: "hint is-warning" }, icon("warning"), this.text(card.note)),
    );
  }

  #hints({ outcome, call, isLookup }) {
    const raw = { raw: call.lookup.caller?.raw ?? "" };
    if (outcome === "nobody") return h("p", { class: "hint" }, this.text("nobodyHint"));
    if (outcome === "withheld") return h("p", { class: "hint" }, this.text("withheldHint"));
    if (outcome === "invalid") return h("p", { class: "hint" }, h("bdi", {}, this.text("invalidHint", raw)));
    if (outcome !== "unavailable") return null;
    const hint = isLookup ? this.text("lookupFailed") : this.text("unavailableHint");
    return h(
      "p",
      { class: "hint is-warning" },
      icon("warning"),
      h("span", {}, h("strong", {}, this.text("unavailable")), " ", hint),
    );
  }

  #stale({ age_seconds: age }) {
    return h(
      "p",
      { class: "hint is-warning" },
      icon("warning"),
      this.text("stale", { age: this.wording.ago(age ?? 0) }),
    );
  }

  #facts(card) {
    const { person, call } = card;
    const rows = [
      ["localTime", this.#localTime(card)],
      ["site", person?.site?.name],
      ["location", person?.location],
      ["manager", person?.manager?.name],
      ["email", person?.primary_email],
      ["queue", call.queue],
      ["line", call.callee],
      ["agents", call.agents?.length > 1 && call.agents.join(", ")],
      ["nameSent", person ? null : call.display_name],
      ["match", person && this.#match(person)],
      ["callerId", call.attestation && this.#attestation(call.attestation)],
    ].filter(([, value]) => value);
    return (
      rows.length > 0 &&
      h(
        "dl",
        { class: "facts" },
        rows.map(([label, value]) => this.#fact(label, value)),
      )
    );
  }

  #fact(label, value) {
    const shown = typeof value === "string" ? h("bdi", {}, value) : value;
    return h("div", { "data-key": label }, h("dt", {}, this.text(label)), h("dd", {}, shown));
  }

  #localTime({ person, people, call, outcome }) {
    const { caller } = call.lookup;
    if (outcome === "matched" && !person && people.length > 0 && !(caller?.time_zones?.length > 0))
      return null;
    const zones = zonesOf(person, caller, this.now);
    if (zones.length === 0) return null;
    const times = [...new Set([zones[0], zones.at(-1)])].map((zone) => this.wording.clock(this.now, zone));
    const closed = zones.every((zone) => isOutOfHours(this.now, zone, caller?.region));
    return h(
      "span",
      {},
      times.join(" – "),
      closed && h("span", { class: "badge is-closed" }, icon("moon"), this.text("outOfHours")),
    );
  }

  #match(person) {
    const { rule, label, telephone } = person.match ?? {};
    const weak = isWeak(person);
    return h(
      "span",
      { class: weak ? "match is-weak" : "match" },
      icon(weak ? "unknown" : "check"),
      h("span", {}, weak && h("strong", {}, `${this.text("uncertain")}: `), this.#rule(rule)),
      telephone &&
        h(
          "span",
          { class: "aside" },
          label && `${this.wording.word("label", label)} `,
          h("bdi", { dir: "ltr" }, telephone),
        ),
    );
  }

  #rule(rule) {
    return Object.hasOwn(RULE_TEXTS, rule) ? this.text(RULE_TEXTS[rule]) : String(rule ?? "");
  }

  #attestation(level) {
    const name = { A: "check", B: "unknown", C: "unknown", failed: "warning" }[level] ?? "unknown";
    return h(
      "span",
      { class: { A: "match", failed: "match is-weak" }[level] ?? "match is-open" },
      icon(name),
      h("span", {}, this.wording.word("attestation", level)),
    );
  }

  // -- a list to choose from

  #choice(card) {
    const options = [
      ...card.people.map((person, at) => this.#option(card, person, at)),
      this.#noneOption(card),
    ];
    const list = {
      class: "choice",
      role: "listbox",
      tabindex: "0",
      "data-list": card.key,
      "aria-label": this.text("whoCalls"),
      "aria-activedescendant": `option-${card.key}-${card.option}`,
    };
    return h(
      "div",
      {},
      h(
        "p",
        { class: "hint" },
        this.text(card.call.lookup.truncated ? "truncated" : "several", { count: card.people.length }),
      ),
      h("ul", list, options),
    );
  }

  #option(card, person, at) {
    const { organization, job_title: job, match } = person;
    const aside = [organization?.name, job].filter(Boolean).join(" · ");
    return h(
      "li",
      this.#optionAttributes(card, at, person.id),
      h("span", { class: "avatar is-small", "aria-hidden": "true" }, initials(person.name)),
      h(
        "span",
        { class: "option-text" },
        h("span", { class: "option-name" }, h("bdi", {}, person.name), person.vip && this.#vip()),
        aside && h("span", { class: "option-aside" }, h("bdi", {}, aside)),
        h(
          "span",
          { class: isWeak(person) ? "option-aside is-weak" : "option-aside" },
          icon(isWeak(person) ? "unknown" : "check"),
          isWeak(person) && `${this.text("uncertain")}: `,
          this.#rule(match?.rule),
        ),
      ),
    );
  }

  #noneOption(card) {
    return h(
      "li",
      this.#optionAttributes(card, card.people.length, ""),
      h("span", { class: "option-text" }, this.text("noneOfThese")),
    );
  }

  #optionAttributes(card, at, personId) {
    return {
      class: "option",
      role: "option",
      id: `option-${card.key}-${at}`,
      "aria-selected": String(card.option === at),
      "data-action": "choose",
      "data-card": card.key,
      "data-option": at,
      "data-person": personId,
    };
  }

  // -- what can be done

  #actions(card) {
    const { person, call, outcome } = card;
    const number = call.lookup.caller?.e164 ?? call.lookup.caller?.raw;
    const stranger =
      !person && !card.isOpenQuestion && ["matched", "nobody", "unavailable"].includes(outcome);
    const unknown = stranger && outcome !== "unavailable"; // who is not found now may well be in the directory
    const asked =
      outcome === "matched" && (card.people.length > 1 || card.chosen !== null) && !card.isOpenQuestion;
    const actions = [
      person && this.#link("open", "open", safeLink(person.url), card, "is-primary", person.id),
      stranger &&
        this.#link("search", "search", numberLink(this.templates.search, number), card, "is-primary"),
      unknown && this.#link("create", "plus", numberLink(this.templates.create, number), card),
      shownNumber(call.lookup.caller) &&
        !["invalid", "withheld"].includes(outcome) &&
        this.#button("copy", "copy", card),
      card.isMissed && this.#callBack(card),
      asked && this.#button("chooseAgain", "people", card),
      person && isWeak(person) && !asked && this.#button("notThisPerson", "close", card),
    ].filter(Boolean);
    return actions.length > 0 && h("div", { class: "actions" }, actions);
  }

  #button(action, iconName, card) {
    const label = action === "copy" && card.copied ? card.copied : action;
    const shownIcon = label === "copied" ? "check" : iconName;
    return h(
      "button",
      { type: "button", class: "button", "data-key": action, "data-action": action, "data-card": card.key },
      icon(shownIcon),
      this.text(label),
    );
  }

  #link(action, iconName, href, card, className = "", personId = null) {
    if (!href) return null;
    const attributes = {
      class: `button ${className}`.trim(),
      href,
      target: "_blank",
      rel: "noopener noreferrer",
      "data-key": action,
    };
    return h(
      "a",
      { ...attributes, "data-action": action, "data-card": card.key, "data-person": personId },
      icon(iconName),
      this.text(action),
    );
  }

  #callBack(card) {
    const number = card.call.lookup.caller?.e164;
    const label = this.text("callBackTo", { who: this.who(card) });
    return (
      number &&
      h(
        "a",
        { class: "button", href: `tel:${number}`, "data-key": "callBack", "aria-label": label },
        icon("phone"),
        this.text("callBack"),
      )
    );
  }

  // -- one line

  row(card) {
    const attributes = {
      class: `row is-${card.call.state} ${card.isMissed ? "is-missed" : ""} ${card.leaving ? "is-leaving" : ""}`,
      "data-key": `row-${card.key}`,
      "data-call": card.call.id,
      "aria-labelledby": `name-${card.key}`,
    };
    return h(
      "article",
      attributes,
      icon(this.#stateIcon(card), "state-icon"),
      h(
        "div",
        { class: "row-text" },
        h(
          "h2",
          { class: "row-name", id: `name-${card.key}` },
          h("bdi", {}, this.#rowName(card)),
          card.person?.vip && this.#vip(),
        ),
        h("p", { class: "row-aside" }, this.#state(card), card.isMissed && this.#at(card.call)),
      ),
      h("div", { class: "row-actions" }, this.#rowActions(card)),
    );
  }

  #rowName(card) {
    const { person } = card;
    return person ? this.who(card) : this.who(card) || this.#headline(card);
  }

  #at(call) {
    return h("time", { datetime: call.started_at }, this.wording.when(Date.parse(call.started_at), this.now));
  }

  #rowActions(card) {
    const who = this.who(card);
    const show = {
      "data-action": "show",
      "data-card": card.key,
      "aria-label": this.text("showCall", { who }),
    };
    return [
      card.isMissed && this.#callBack(card),
      h("button", { type: "button", class: "button", "data-key": "show", ...show }, this.text("show")),
      this.#dismissButton(card),
    ];
  }

  // -- the log

  log({ calls, failed }) {
    const unseen = calls.filter(isUnseen).length;
    return h(
      "section",
      { class: "log", "data-key": "log", "aria-label": this.text("log") },
      h(
        "div",
        { class: "log-top" },
        h(
          "h2",
          { class: "title" },
          this.text("log"),
          unseen > 0 && h("span", { class: "badge is-count" }, String(unseen)),
        ),
        unseen > 1 &&
          h(
            "button",
            { type: "button", class: "button is-small", "data-action": "seeAll" },
            icon("check"),
            this.text("markAllSeen"),
          ),
      ),
      failed && h("p", { class: "hint is-warning" }, icon("warning"), this.text("logFailed")),
      calls.length === 0 && !failed && h("p", { class: "hint" }, this.text("logEmpty")),
      calls.length > 0 &&
        h(
          "ol",
          { class: "log-list" },
          calls.map((call) => this.#logged(call)),
        ),
    );
  }

  #logged(call) {
    const card = new Card(call.id, call);
    const unseen = isUnseen(call);
    return h(
      "li",
      { class: `logged ${card.isMissed ? "is-missed" : ""}`, "data-key": call.id, "data-call": call.id },
      icon(this.#stateIcon(card), "state-icon"),
      h(
        "div",
        { class: "row-text" },
        h(
          "button",
          { type: "button", class: "link row-name", "data-action": "showLogged", "data-id": call.id },
          h("bdi", {}, this.#rowName(card)),
        ),
        h(
          "p",
          { class: "row-aside" },
          call.direction === "outbound" && h("span", {}, this.text("outgoing")),
          this.#state(card),
          call.answered_by && h("span", {}, this.text("answeredBy", { agent: call.answered_by })),
          this.#at(call),
          unseen && h("span", { class: "unseen" }, this.text("logNew")),
        ),
      ),
      h("div", { class: "row-actions" }, this.#loggedActions(card, unseen)),
    );
  }

  #loggedActions(card, unseen) {
    const who = this.who(card);
    const number = card.call.lookup.caller?.e164;
    const callBack = {
      class: "plain",
      href: `tel:${number}`,
      title: this.text("callBack"),
      "aria-label": this.text("callBackTo", { who }),
    };
    const see = {
      class: "plain",
      type: "button",
      "data-action": "see",
      "data-id": card.call.id,
      title: this.text("markSeen"),
    };
    return [
      unseen &&
        h(
          "button",
          { ...see, "data-key": "see", "aria-label": this.text("markCallSeen", { who }) },
          icon("check"),
        ),
      number && h("a", { ...callBack, "data-key": "callBack" }, icon("phone")),
    ];
  }

  // -- the whole

  toggles({ sound, notifications }) {
    return [
      ["sound", "sound", sound],
      ["notifications", "bell", notifications],
    ].map(
      ([name, iconName, toggle]) =>
        toggle.offered &&
        h(
          "button",
          {
            type: "button",
            class: "plain toggle",
            "data-key": name,
            "data-action": name,
            "aria-pressed": String(toggle.on),
            "aria-label": this.text(name),
            title: this.text(name),
          },
          icon(iconName),
        ),
    );
  }

  connection({ state, reason }) {
    if (state !== "reconnecting" && state !== "stopped") return null;
    const words = { offline: "offline", signIn: "signIn", revoked: "revoked", refused: "refused" }[reason];
    return h(
      "p",
      { class: `connection is-${state}` },
      icon("offline"),
      this.text(words ?? (state === "stopped" ? "stopped" : "reconnecting")),
    );
  }
}

function isUnseen(call) {
  return call.seen === false && new Card("", call).isMissed;
}

// ---------------------------------------------------------------------------------------------- sound

/** Two soft notes; the browser lets them sound once the agent has pressed the button. */
class Chime {
  #context = null;

  on() {
    this.#context ??= new AudioContext();
    this.#context.resume();
    this.play();
  }

  off() {
    this.#context?.close();
    this.#context = null;
  }

  play() {
    if (!this.#context) return;
    [660, 880].forEach((frequency, at) => this.#note(frequency, this.#context.currentTime + at * 0.18));
  }

  #note(frequency, start) {
    const tone = new OscillatorNode(this.#context, { frequency });
    const loudness = new GainNode(this.#context, { gain: 0 });
    loudness.gain.setValueAtTime(0, start);
    loudness.gain.linearRampToValueAtTime(0.12, start + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.5);
    tone.connect(loudness).connect(this.#context.destination);
    tone.start(start);
    tone.stop(start + 0.55);
  }
}

// ---------------------------------------------------------------------------------------------- the element

const UPGRADED = Object.freeze(["server", "token", "tokenProvider", "lang", "pop", "theme", "log"]);

/**
 * The element. Attributes: `server`, `token`, `lang`, `pop` (`ringing`, `answered`, `manual`), `theme` (`auto`, `light`,
 * `dark`), `log`, `sound`, `notifications`, `pictures`, `create-url`, `search-url`.
 *
 * Events, all bubbling and composed: `cti-call`, `cti-pop`, `cti-left`, `cti-select`, `cti-dismiss`, `cti-state`,
 * `cti-token-needed`.
 */
export class CtiCallerLookup extends HTMLElement {
  static observedAttributes = [
    "server",
    "token",
    "lang",
    "dir",
    "pop",
    "log",
    "sound",
    "notifications",
    "pictures",
    "create-url",
    "search-url",
  ];

  #shadow = this.attachShadow({ mode: "open" });
  #panel = h("div", { class: "panel" });
  #live = h("div", { class: "live", "aria-live": "polite", role: "status" });
  #board = new Board();
  #tokens = new TokenKeeper(() => this.#needToken());
  #tabs = new TabElection((word, id) => this.#putAway(this.#board.get(id)));
  #chime = new Chime();
  #feed = null;
  #service = null;
  #connection = { state: "idle", reason: null };
  #offset = 0; // milliseconds from this computer's clock to the service's
  #log = new Map();
  #logFailed = false;
  #lookups = 0;
  #on = { sound: false, notifications: false };
  #notes = new Map();
  #missingPictures = new Set();
  #ticker = null;
  #renewal = null;
  #drawing = false;
  #onKey = (event) => this.#escape(event);
  #onNetwork = () => this.#networkChanged();
  #onVisibility = () => document.visibilityState === "visible" && this.#feed?.hurry();

  constructor() {
    super();
    const sheet = new CSSStyleSheet(); // not an inline style: allowed under `style-src 'self'`
    sheet.replaceSync(STYLES);
    this.#shadow.adoptedStyleSheets = [sheet];
    this.#shadow.append(this.#panel, this.#live);
    this.#shadow.addEventListener("click", (event) => this.#clicked(event));
    this.#shadow.addEventListener("keydown", (event) => this.#listKey(event));
    this.#shadow.addEventListener("error", (event) => this.#missed(event), true); // does not bubble
  }

  // -- attributes and properties

  get server() {
    return this.getAttribute("server") ?? new URL("..", import.meta.url).href;
  }

  set server(value) {
    this.setAttribute("server", value);
  }

  get token() {
    return this.#tokens.current;
  }

  set token(value) {
    const changed = this.#tokens.set(value || null);
    if (changed && value && this.isConnected) this.#feed ? this.#feed.renew() : this.connect();
  }

  get tokenProvider() {
    return this.#tokens.provider;
  }

  set tokenProvider(value) {
    this.#tokens.provider = value;
  }

  get lang() {
    return this.getAttribute("lang") ?? "";
  }

  set lang(value) {
    this.setAttribute("lang", value);
  }

  get pop() {
    const pop = this.getAttribute("pop");
    return ["answered", "manual"].includes(pop) ? pop : "ringing";
  }

  set pop(value) {
    this.setAttribute("pop", value);
  }

  get theme() {
    return this.getAttribute("theme") ?? "auto";
  }

  set theme(value) {
    this.setAttribute("theme", value);
  }

  get log() {
    return this.hasAttribute("log");
  }

  set log(value) {
    this.toggleAttribute("log", Boolean(value));
  }

  /** The calls of this agent that are under way or have just ended. */
  get calls() {
    return this.#board.calls;
  }

  /** `idle`, `connected`, `reconnecting` or `stopped`. */
  get state() {
    return this.#connection.state;
  }

  // -- methods

  /** Follow the calls. An element does so by itself when it is put into a page. */
  connect() {
    if (this.#feed) return;
    this.#service = new Service(this.#base(), this.#tokens);
    this.#feed = new Feed({
      service: this.#service,
      tokens: this.#tokens,
      heard: (type, told) => this.#heard(type, told),
      moved: (state, reason) => this.#moved(state, reason),
    });
    this.#feed.start();
  }

  /** Stop following; what is shown stays, marked as disconnected. */
  disconnect() {
    if (!this.#feed) return;
    this.#feed.stop();
    this.#moved("stopped", null);
  }

  /** Open the card of a call, also of one in the log; tell whether there is one. */
  show(callId) {
    const logged = this.#log.get(callId);
    if (!this.#board.get(callId) && logged) this.#board.apply(logged);
    const card = this.#board.get(callId);
    if (!card) return false;
    Object.assign(card, { place: "open", kept: true, leaving: false });
    if (isUnseen(card.call)) this.#see(card.call.id);
    this.#draw();
    return true;
  }

  /** Take the card of a call away, in all tabs. */
  dismiss(callId) {
    const card = this.#board.get(callId);
    if (!card || card.place === "away") return false;
    if (!card.isLookup) this.#tabs.tellDismissed(callId); // a look-up is this element's own
    if (isUnseen(card.call)) this.#see(callId);
    this.#putAway(card);
    this.#dispatch("cti-dismiss", { call: card.call });
    return true;
  }

  /** Show who has a number; gives the lookup. */
  async lookup(number) {
    const id = `lookup:${++this.#lookups}`;
    const caller = { raw: String(number), e164: null, national: null, region: null, time_zones: [] };
    const shown = (lookup, revision) => {
      const call = {
        id,
        state: "lookup",
        direction: "lookup",
        started_at: new Date().toISOString(),
        revision,
        lookup,
      };
      this.#draw();
      return this.#board.apply(deepFreeze(call));
    };
    const change = (lookup) => this.#board.get(id) && shown(lookup, 2); // it may have been dismissed meanwhile
    Object.assign(shown({ outcome: "pending", caller, people: [], truncated: false }, 1), { place: "open" });
    this.#service ??= new Service(this.#base(), this.#tokens);
    try {
      const lookup = await this.#service.lookup(number);
      change(lookup);
      return lookup;
    } catch (fault) {
      change({ outcome: "unavailable", caller, people: [], truncated: false });
      throw fault;
    }
  }

  // -- life

  connectedCallback() {
    UPGRADED.forEach((name) => this.#upgrade(name));
    document.addEventListener("keydown", this.#onKey);
    document.addEventListener("visibilitychange", this.#onVisibility);
    window.addEventListener("online", this.#onNetwork);
    window.addEventListener("offline", this.#onNetwork);
    this.#ticker = setInterval(() => this.#tick(), SECOND);
    this.#draw();
    // later: whoever made the element may still set its token
    queueMicrotask(() => this.isConnected && this.connect());
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#onKey);
    document.removeEventListener("visibilitychange", this.#onVisibility);
    window.removeEventListener("online", this.#onNetwork);
    window.removeEventListener("offline", this.#onNetwork);
    clearInterval(this.#ticker);
    queueMicrotask(() => !this.isConnected && this.#end()); // a move within the page is no end
  }

  #end() {
    this.disconnect();
    clearTimeout(this.#renewal);
    this.#notes.forEach((note) => note.close());
    this.#chime.off();
  }

  /** Hand on a property that was set before the module was loaded. */
  #upgrade(name) {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    this[name] = value;
  }

  attributeChangedCallback(name, before, value) {
    if (name === "token") return this.#takeTokenAttribute(value);
    if (before === value) return undefined;
    if (name === "server" && this.#feed) {
      this.disconnect();
      this.connect();
    }
    if (name === "log" && this.#connection.state === "connected") this.#readLog();
    return this.#draw();
  }

  /** Take the token out of the document: it need not stand there for every script to read. */
  #takeTokenAttribute(value) {
    if (value === null) return;
    this.token = value;
    this.removeAttribute("token");
  }

  #base() {
    return new URL(this.server, document.baseURI).href;
  }

  // -- the stream

  #heard(type, told) {
    if (type === "hello") this.#greeted(told);
    else if (type === "calls") this.#replaced(told.calls ?? []);
    else if (type === "call") this.#changed(told);
    else if (type === "left") this.#left(told);
  }

  #greeted({ now, expires_at: expiresAt }) {
    this.#offset = Date.parse(now) - Date.now() || 0;
    this.#tabs.enter(["cti-caller-lookup", this.#base(), subjectOf(this.#tokens.current ?? "")].join("|"));
    this.#planRenewal(Date.parse(expiresAt ?? "") - Date.parse(now ?? ""));
    if (this.log) this.#readLog();
  }

  #replaced(calls) {
    const shown = this.#board.inOrder.filter((card) => !card.isLookup && card.place !== "away");
    const before = shown.map((card) => card.call.id);
    const cards = this.#board.replace(calls.filter(isCall).map(deepFreeze));
    const gone = before.filter((id) => !this.#board.get(id));
    gone.forEach((id) => this.#tabs.forget(id));
    if (gone.length > 0) this.#lookAfter(new Set(gone));
    for (const card of cards) {
      this.#dispatch("cti-call", card.call);
      this.#remember(card.call);
      this.#consider(card, true);
    }
    this.#closeNotes();
    this.#draw();
  }

  /** Bring back those of the calls that are over, and that nobody has seen: `calls` tells of active ones only. */
  async #lookAfter(gone) {
    const told = await this.#service.calls().catch(() => []);
    for (const call of told.filter((one) => gone.has(one.id) && one.state === "ended" && isUnseen(one)))
      if (!this.#board.get(call.id)) this.#board.apply(call);
    this.#draw();
  }

  #changed(call) {
    if (!isCall(call)) return;
    const isNews = this.#remember(deepFreeze(call));
    if (!this.#board.welcomes(call)) return isNews && this.#changedInLog(call);
    const known = this.#board.get(call.id);
    const wasEnded = known?.call.state === "ended";
    const card = this.#board.apply(call);
    if (!card) return;
    if (call.state === "ended" && !wasEnded) this.#ended(card);
    this.#dispatch("cti-call", call);
    this.#consider(card, false);
    if (card.popped) this.#announce(card);
    this.#closeNotes();
    this.#draw();
  }

  /** Tell of a call that is over and off the board: somebody saw it, or said who it was. */
  #changedInLog(call) {
    this.#dispatch("cti-call", call);
    this.#draw();
  }

  #ended(card) {
    if (card.isMissed && card.place === "open" && !card.kept) card.place = "row";
    this.#tabs.forget(card.call.id);
  }

  #left({ id, reason }) {
    if (this.#reading) this.#takenOff.add(id);
    if (reason === "erased") this.#log.delete(id);
    else if (this.log) this.#readLog();
    this.#board.remove(id);
    this.#tabs.forget(id);
    this.#dispatch("cti-left", { id, reason });
    this.#closeNotes();
    this.#draw();
  }

  #moved(state, reason) {
    if (state === "stopped") {
      this.#feed = null;
      this.#tabs.leave();
      clearTimeout(this.#renewal);
    }
    const before = this.#connection;
    this.#connection = { state, reason };
    if (before.state !== state || before.reason !== reason) this.#dispatch("cti-state", { state, reason });
    this.#draw();
  }

  #networkChanged() {
    if (navigator.onLine) this.#feed?.hurry();
    else this.#feed?.drop("offline");
  }

  // -- tokens

  #needToken() {
    if (this.#feed && !this.#tokens.provider) this.#moved("reconnecting", "signIn");
    this.#dispatch("cti-token-needed", {});
  }

  #planRenewal(left) {
    clearTimeout(this.#renewal);
    if (!(left > 0)) return;
    this.#renewal = setTimeout(
      () => this.#renew(),
      Math.min(Math.max(left - RENEWAL_LEAD, left / 2), 2 ** 31 - 1),
    );
  }

  async #renew() {
    if (!this.#tokens.provider) return this.#dispatch("cti-token-needed", {});
    const before = this.#tokens.current;
    const after = await this.#tokens.fresh().catch(() => before); // the old one serves until it ends
    return after !== before && this.#feed?.renew();
  }

  // -- pops

  async #consider(card, first) {
    if (!this.#wantsPop(card) || card.electing) return;
    const { id } = card.call;
    card.electing = true;
    const shownElsewhere = this.#tabs.isSettled(id);
    const elected = !shownElsewhere && (await this.#tabs.elect(id));
    card.electing = false;
    const isOver = this.#board.get(id) !== card || card.call.state === "ended";
    if (isOver) this.#tabs.forget(id);
    if (isOver || card.place !== "row") return;
    if (elected && this.#wantsPop(card)) this.#popUp(card);
    else if (first && document.visibilityState === "visible") card.place = "open"; // a page opened in mid-call
    this.#draw();
  }

  #wantsPop({ call, popped, isLookup, place }) {
    if (popped || isLookup || place === "away" || call.pops === false || this.pop === "manual") return false;
    const states = this.pop === "answered" ? ["answered", "held"] : ["ringing", "answered", "held"];
    return states.includes(call.state);
  }

  #popUp(card) {
    Object.assign(card, { place: "open", popped: true });
    this.#dispatch("cti-pop", card.call);
    this.#announce(card);
    this.#chime.play();
    this.#notify(card);
  }

  /** Say once who calls: with the name if it comes in time. */
  #announce(card, late = false) {
    if (card.announced) return;
    if (card.outcome === "pending" && !late) {
      card.waits ??= setTimeout(
        () => this.#board.get(card.call.id) === card && this.#announce(card, true),
        ANNOUNCEMENT_PATIENCE,
      );
      return;
    }
    card.announced = true;
    const key = card.call.direction === "outbound" ? "announceOutgoing" : "announceIncoming";
    this.#say(this.#view().text(key, { who: this.#view().who(card) }));
    this.#notify(card);
  }

  #say(words) {
    const line = h("p", {}, words);
    this.#live.append(line);
    setTimeout(() => line.remove(), 15 * SECOND);
  }

  #notify(card) {
    if (!this.#on.notifications || !this.hasAttribute("notifications") || document.hasFocus()) return;
    const { id } = card.call;
    const view = this.#view();
    try {
      const title = view.text(card.call.direction === "outbound" ? "outgoing" : "incoming");
      const note = new Notification(title, {
        body: view.who(card),
        tag: id,
        silent: true,
        lang: view.wording.language,
      });
      note.onclick = () => {
        window.focus();
        this.show(id);
        note.close();
      };
      this.#notes.set(id, note);
    } catch {
      this.#on.notifications = false; // some browsers allow them to service workers only
    }
  }

  #closeNotes() {
    for (const [id, note] of this.#notes) {
      if (this.#board.get(id)?.call.state === "ringing") continue;
      note.close();
      this.#notes.delete(id);
    }
  }

  // -- what the agent does

  #clicked(event) {
    const target = event.target.closest?.("[data-action]");
    if (!target) return;
    const { action, card: key, id } = target.dataset;
    const card = this.#board.inOrder.find((one) => String(one.key) === key);
    const actions = {
      dismiss: () => this.dismiss(card.call.id),
      show: () => this.show(card.call.id),
      showLogged: () => this.show(id),
      copy: () => this.#copy(card),
      choose: () => this.#choose(card, Number(target.dataset.option)),
      chooseAgain: () => this.#chooseAgain(card),
      notThisPerson: () => this.#chooseNobody(card),
      open: () => this.#select(card, "open", event),
      see: () => this.#see(id),
      seeAll: () => this.#seeAll(),
      sound: () => this.#toggleSound(),
      notifications: () => this.#toggleNotifications(),
    };
    if (Object.hasOwn(actions, action)) actions[action]();
  }

  #listKey(event) {
    const key = event.target.dataset?.list;
    const card = key && this.#board.inOrder.find((one) => String(one.key) === key);
    if (!card || event.ctrlKey || event.altKey || event.metaKey) return;
    const last = card.people.length;
    const places = {
      ArrowDown: Math.min(card.option + 1, last),
      ArrowUp: Math.max(card.option - 1, 0),
      Home: 0,
      End: last,
    };
    if (event.key === "Enter" || event.key === " ") this.#choose(card, card.option);
    else if (Object.hasOwn(places, event.key)) this.#mark(card, places[event.key]);
    else return;
    event.preventDefault();
  }

  #mark(card, option) {
    card.option = option;
    this.#drawNow();
    this.#shadow.getElementById(`option-${card.key}-${option}`)?.scrollIntoView({ block: "nearest" });
  }

  #choose(card, option) {
    const person = card.people[option];
    if (!person) return this.#chooseNobody(card);
    this.#chosen(card, person.id);
    return this.#select(card, "choose");
  }

  #chooseNobody(card) {
    this.#chosen(card, 0);
  }

  /** Show a choice at once, and take it back if it cannot be kept. */
  async #chosen(card, chosen) {
    const before = card.call;
    Object.assign(card, { call: Object.freeze({ ...before, chosen }), choosing: false, note: null });
    this.#draw();
    if (card.isLookup) return;
    try {
      await this.#service.choose(before.id, chosen === 0 ? null : chosen);
    } catch {
      card.note = "notSaved";
      if (card.call.revision === before.revision) card.call = before;
      this.#draw();
    }
  }

  #chooseAgain(card) {
    Object.assign(card, { choosing: true, option: 0 });
    this.#draw();
  }

  #select(card, action, event = null) {
    const allowed = this.#dispatch("cti-select", { call: card.call, person: card.person, action }, true);
    if (!allowed) event?.preventDefault(); // the page opens the record in its own way
  }

  async #copy(card) {
    const { e164, raw } = card.call.lookup.caller;
    card.copied =
      (await navigator.clipboard?.writeText(e164 ?? raw).then(
        () => "copied",
        () => "copyFailed",
      )) ?? "copyFailed";
    this.#draw();
    setTimeout(() => {
      card.copied = null;
      this.#draw();
    }, NOTE_STAYS);
  }

  #toggleSound() {
    this.#on.sound = !this.#on.sound;
    if (this.#on.sound) this.#chime.on();
    else this.#chime.off();
    this.#draw();
  }

  async #toggleNotifications() {
    const wanted = !this.#on.notifications;
    const allowed = wanted && (await globalThis.Notification?.requestPermission()) === "granted";
    this.#on.notifications = allowed;
    if (wanted && !allowed) this.#say(this.#view().text("notificationsBlocked"));
    this.#draw();
  }

  #escape(event) {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || isElsewhereModal(this))
      return;
    const [newest] = this.#board.inOrder
      .filter((card) => card.place === "open")
      .sort((one, other) => other.key - one.key);
    if (!newest) return;
    event.preventDefault();
    this.dismiss(newest.call.id);
  }

  #putAway(card) {
    if (!card) return;
    card.place = "away";
    if (card.isLookup || card.call.state === "ended") this.#board.remove(card.call.id);
    this.#notes.get(card.call.id)?.close();
    this.#draw();
  }

  // -- the log

  /** Read the log, one reading at a time, and once more if that was asked for meanwhile. */
  async #readLog() {
    this.#readAgain = true;
    if (this.#reading) return;
    this.#reading = true;
    while (this.#readAgain) {
      this.#readAgain = false;
      await this.#readLogOnce();
    }
    this.#reading = false;
    this.#draw();
  }

  /** Read it; what the stream tells meanwhile, of calls and of their leaving, is newer than the answer and stays. */
  async #readLogOnce() {
    const before = [...this.#log.keys()];
    this.#takenOff.clear();
    try {
      const read = await this.#service.calls();
      const ids = new Set(read.map((call) => call.id));
      for (const id of before) if (!ids.has(id) && !this.#board.get(id)) this.#log.delete(id);
      read.filter((call) => !this.#takenOff.has(call.id)).forEach((call) => this.#remember(call));
      this.#logFailed = false;
    } catch {
      this.#logFailed = true;
    }
  }

  #reading = false;
  #readAgain = false;
  #takenOff = new Set();

  /** Take a call into the log; tell whether that is news. */
  #remember(call) {
    const known = this.#log.get(call.id);
    if (known && known.revision > call.revision) return false;
    this.#log.set(call.id, call);
    if (this.#log.size > MOST_REMEMBERED) this.#log.delete(this.#log.keys().next().value);
    return known?.revision !== call.revision;
  }

  async #see(id) {
    const logged = this.#log.get(id) ?? this.#board.get(id)?.call;
    if (logged) this.#log.set(id, Object.freeze({ ...logged, seen: true }));
    const card = this.#board.get(id);
    if (card) card.call = Object.freeze({ ...card.call, seen: true });
    this.#draw();
    await this.#service.see(id).catch(() => this.log && this.#readLog());
  }

  #seeAll() {
    [...this.#log.values()].filter(isUnseen).forEach((call) => this.#see(call.id));
  }

  // -- time

  #tick() {
    const now = performance.now();
    for (const card of this.#board.inOrder) {
      if (card.endedAt === null || card.kept || now - card.endedAt < ENDED_STAYS || this.#isInUse(card))
        continue;
      if (!isUnseen(card.call) || card.place === "away") this.#fade(card);
    }
    if (this.#board.inOrder.some((card) => card.place !== "away")) this.#draw();
  }

  #isInUse(card) {
    const drawn = this.#panel.querySelector(`[data-key="card-${card.key}"], [data-key="row-${card.key}"]`);
    return drawn?.matches(":hover, :focus-within") ?? false;
  }

  #fade(card) {
    if (card.leaving) return;
    card.leaving = true;
    setTimeout(() => {
      if (!card.leaving) return;
      this.#board.remove(card.call.id);
      this.#draw();
    }, FADE);
  }

  // -- drawing

  /** Draw once for all that changes in this turn. */
  #draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => this.#drawNow());
  }

  #drawNow() {
    this.#drawing = false;
    const focused = this.#shadow.activeElement;
    const place = focused?.closest("[data-key^='card-'], [data-key^='row-']") ?? null;
    morph(this.#panel, this.#drawn());
    if (focused && this.#shadow.activeElement !== focused) this.#refocus(focused, place);
  }

  /** Keep the focus of somebody who is in here when what they were on is gone; nobody else's is touched. */
  #refocus(focused, place) {
    const wished = ["[role=listbox]", ".actions > *", "button, a[href]"];
    const within = (root) => wished.map((one) => root?.querySelector(one)).find(Boolean);
    const next = focused.isConnected
      ? focused
      : within(place?.isConnected ? place : this.#panel.querySelector(".cards"));
    if (next) return next.focus({ preventScroll: true });
    this.#panel.tabIndex = -1;
    return this.#panel.focus({ preventScroll: true });
  }

  #view() {
    const templates = { create: this.getAttribute("create-url"), search: this.getAttribute("search-url") };
    const now = Date.now() + this.#offset;
    return new View({
      wording: new Wording(this.#spoken()),
      now,
      templates,
      pictures: (address) => this.#picture(address),
    });
  }

  #picture(address) {
    const picture = this.hasAttribute("pictures") ? safeLink(address) : null;
    return this.#missingPictures.has(picture) ? null : picture;
  }

  /** Do without a picture that cannot be had, and do not ask for it again. */
  #missed({ target }) {
    if (target.localName !== "img") return;
    this.#missingPictures.add(target.src);
    if (this.#missingPictures.size > MOST_REMEMBERED)
      this.#missingPictures.delete(this.#missingPictures.values().next().value);
    this.#draw();
  }

  #spoken() {
    return (
      this.lang ||
      this.parentElement?.closest("[lang]")?.lang ||
      document.documentElement.lang ||
      navigator.language
    );
  }

  #drawn() {
    const view = this.#view();
    const { language } = view.wording;
    const attributes = {
      class: "panel",
      part: "panel",
      lang: language,
      role: "region",
      "aria-label": view.text("callers"),
    };
    const tabindex = this.#panel.getAttribute("tabindex");
    const rightToLeft = !this.hasAttribute("dir") && RIGHT_TO_LEFT.has(this.lang.toLowerCase().split("-")[0]);
    return h(
      "div",
      { ...attributes, tabindex, dir: rightToLeft ? "rtl" : null },
      this.#header(view),
      h(
        "div",
        { class: "connection-place", role: "status", "data-key": "connection" },
        view.connection(this.#connection),
      ),
      h("div", { class: "cards", "data-key": "cards" }, this.#cards(view)),
      this.log && view.log({ calls: this.#loggedCalls(), failed: this.#logFailed }),
    );
  }

  #header(view) {
    const toggle = (name) => ({ offered: this.hasAttribute(name), on: this.#on[name] });
    const toggles = view.toggles({ sound: toggle("sound"), notifications: toggle("notifications") });
    return toggles.some(Boolean) && h("div", { class: "header", "data-key": "header" }, toggles);
  }

  #cards(view) {
    const shown = this.#board.inOrder.filter((card) => card.place !== "away");
    if (shown.length === 0) return h("p", { class: "idle" }, icon("phone"), view.text("idle"));
    const open = shown.filter((card) => card.place === "open").slice(0, MOST_OPEN_CARDS);
    const missed = shown.filter((card) => card.isMissed && card.place === "row");
    const hidden = new Set(missed.slice(MOST_MISSED_ROWS));
    const drawn = shown
      .filter((card) => !hidden.has(card))
      .map((card) => this.#drawCard(view, card, open.includes(card)));
    return [
      ...drawn,
      hidden.size > 0 && h("p", { class: "idle" }, view.text("moreMissed", { count: hidden.size })),
    ];
  }

  /** Draw a card; one that cannot be drawn harms no other. */
  #drawCard(view, card, open) {
    try {
      return open ? view.card(card) : view.row(card);
    } catch (fault) {
      console.error(`${TAG}: a call could not be drawn (${fault?.name})`);
      return null;
    }
  }

  #loggedCalls() {
    const started = (call) => Date.parse(call.started_at) || 0;
    return [...this.#log.values()]
      .filter((call) => call.state === "ended")
      .sort((one, other) => started(other) - started(one))
      .slice(0, LOG_LENGTH);
  }

  #dispatch(type, detail, cancelable = false) {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }));
  }
}

/** Tell whether a dialog of the page is open, which Escape belongs to. */
function isElsewhereModal(element) {
  const open = "dialog:modal, [popover='auto']:popover-open, [popover='']:popover-open";
  const modal = document.querySelector(CSS.supports(`selector(${open})`) ? open : "dialog[open]");
  return modal !== null && !modal.contains(element);
}

// ---------------------------------------------------------------------------------------------- styles

const DARK = `
  --_background: var(--cti-background, #14181e); --_surface: var(--cti-surface, #1c222a);
  --_text: var(--cti-text, #e9eef4); --_muted: var(--cti-muted, #a7b3c1); --_border: var(--cti-border, #36414d);
  --_accent: var(--cti-accent, #8fbcff); --_on-accent: var(--cti-on-accent, #0b1a2c);
  --_success: var(--cti-success, #72d49b); --_warning: var(--cti-warning, #f0c064);
  --_warning-surface: var(--cti-warning-surface, #33291a); --_danger: var(--cti-danger, #ff9d94);
  --_vip: var(--cti-vip, #f3cf7a); --_vip-surface: var(--cti-vip-surface, #3a301a);
  --_hover: var(--cti-hover, #28313b); color-scheme: dark;
`;

const STYLES = `
:host {
  --_background: var(--cti-background, #f5f7fa); --_surface: var(--cti-surface, #ffffff);
  --_text: var(--cti-text, #18212c); --_muted: var(--cti-muted, #55616f); --_border: var(--cti-border, #d5dce4);
  --_accent: var(--cti-accent, #1553a8); --_on-accent: var(--cti-on-accent, #ffffff);
  --_success: var(--cti-success, #17683a); --_warning: var(--cti-warning, #7d4a00);
  --_warning-surface: var(--cti-warning-surface, #fff5e0); --_danger: var(--cti-danger, #b02a21);
  --_vip: var(--cti-vip, #6f4600); --_vip-surface: var(--cti-vip-surface, #fdeebf);
  --_hover: var(--cti-hover, #eaeff5);
  --_radius: var(--cti-radius, 0.625rem);
  --_font: var(--cti-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif);
  display: block; min-inline-size: 0; container-type: inline-size; color-scheme: light;
}
@media (prefers-color-scheme: dark) { :host(:not([theme="light"])) { ${DARK} } }
:host([theme="dark"]) { ${DARK} }
:host([hidden]) { display: none; }
*, ::before, ::after { box-sizing: border-box; }
h2, p, dl, dd, ul, ol { margin: 0; padding: 0; }
ul, ol { list-style: none; }
.panel, .live { /* what a page says of all its elements is inherited here: letters, spaces, shadows */
  all: initial; display: block; visibility: inherit; color-scheme: inherit;
  font: normal 400 var(--cti-font-size, 0.875rem) / 1.45 var(--_font);
}
.panel {
  background: var(--_background); color: var(--_text); border-radius: var(--_radius); padding: 0.75rem;
  text-align: start;
}
.panel:focus { outline: none; }
.live {
  position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}
.icon {
  inline-size: 1.15em; block-size: 1.15em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.8;
  stroke-linecap: round; stroke-linejoin: round; vertical-align: -0.2em;
}
bdi { overflow-wrap: anywhere; }

.header { display: flex; justify-content: flex-end; gap: 0.25rem; margin-block-end: 0.5rem; }
.connection {
  display: flex; gap: 0.5rem; align-items: center; padding: 0.5rem 0.75rem; margin-block-end: 0.75rem;
  border: 1px solid var(--_warning); border-radius: calc(var(--_radius) * 0.75);
  background: var(--_warning-surface); color: var(--_warning); font-weight: 500;
}
.connection.is-stopped { border-color: var(--_danger); color: var(--_danger); background: var(--_surface); }
.cards { display: grid; gap: 0.75rem; grid-template-columns: minmax(0, 1fr); }
.idle {
  display: flex; gap: 0.5rem; align-items: center; justify-content: center; padding: 1rem 0.5rem;
  color: var(--_muted);
}

.card, .row {
  --_tone: var(--_muted); position: relative; background: var(--_surface); border: 1px solid var(--_border);
  border-inline-start: 0.25rem solid var(--_tone); border-radius: var(--_radius); transition: opacity 0.3s;
}
.card {
  padding: 0.75rem 0.875rem 0.875rem;
  box-shadow: 0 1px 2px rgb(15 25 40 / 6%), 0 4px 14px rgb(15 25 40 / 6%); animation: arrive 0.2s ease-out;
}
.is-ringing, .is-lookup { --_tone: var(--_accent); }
.is-answered { --_tone: var(--_success); }
.is-held { --_tone: var(--_warning); }
.is-missed { --_tone: var(--_danger); }
.is-leaving { opacity: 0; }
@keyframes arrive { from { opacity: 0; transform: translateY(-0.375rem); } }

.top {
  display: flex; align-items: center; gap: 0.5rem; min-block-size: 1.75rem; margin-block-end: 0.5rem;
  color: var(--_tone); font-size: 0.929em; font-weight: 600;
}
.kind { flex: 0 1 auto; }
.top .state { margin-inline-start: auto; color: var(--_muted); font-weight: 500; text-align: end; }
.timer { margin-inline-start: 0.5em; font-variant-numeric: tabular-nums; color: var(--_text); }
.is-ringing > .top > .state-icon { animation: ring 1.2s ease-in-out infinite; }
@keyframes ring { 50% { opacity: 0.35; } }

.identity { display: flex; gap: 0.75rem; align-items: flex-start; }
.names { flex: 1; min-inline-size: 0; }
.avatar {
  position: relative; overflow: hidden; flex: none; display: grid; place-items: center;
  inline-size: 2.75rem; block-size: 2.75rem; border-radius: 50%; background: var(--_hover);
  color: var(--_text); font-weight: 600; border: 1px solid var(--_border);
}
.avatar > .icon { inline-size: 1.4rem; block-size: 1.4rem; color: var(--_muted); }
.avatar > img { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: cover; }
.avatar.is-vip { background: var(--_vip-surface); color: var(--_vip); border-color: currentColor; }
.avatar.is-guess { border-style: dashed; border-color: var(--_warning); }
.avatar.is-small { inline-size: 2rem; block-size: 2rem; font-size: 0.786em; }
.name {
  display: flex; flex-wrap: wrap; align-items: center; gap: 0.125rem 0.5rem; font-size: 1.286em;
  line-height: 1.3; font-weight: 650;
}
.position { color: var(--_text); }
.number-line {
  display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 0.625rem; margin-block-start: 0.125rem;
}
.number { font-variant-numeric: tabular-nums; font-weight: 500; }
.aside { color: var(--_muted); font-size: 0.929em; }
.searching { color: var(--_muted); }
.skeleton { display: grid; gap: 0.5rem; margin-block: 0.375rem; }
.skeleton > span {
  block-size: 0.75rem; inline-size: min(14rem, 80%); border-radius: 0.375rem; background: var(--_border);
  animation: ring 1.4s ease-in-out infinite;
}
.skeleton > span + span { inline-size: min(9rem, 50%); }

.badge {
  display: inline-flex; align-items: center; gap: 0.25em; padding: 0.05em 0.5em;
  border: 1px solid currentColor; border-radius: 1em; font-size: 0.786rem; line-height: 1.5;
  font-weight: 600;
}
.badge.is-vip { color: var(--_vip); background: var(--_vip-surface); }
.badge.is-vip > .icon { fill: currentColor; }
.badge.is-closed { margin-inline-start: 0.5em; color: var(--_warning); background: var(--_warning-surface); }
.badge.is-count {
  margin-inline-start: 0.5em; color: var(--_danger); min-inline-size: 1.9em; justify-content: center;
}

.body { display: grid; gap: 0.625rem; margin-block-start: 0.625rem; grid-template-columns: minmax(0, 1fr); }
.body:empty { display: none; }
.hint { color: var(--_muted); }
.hint.is-warning {
  display: flex; gap: 0.5rem; align-items: flex-start; padding: 0.4rem 0.625rem;
  border: 1px solid color-mix(in srgb, var(--_warning) 45%, transparent);
  border-radius: calc(var(--_radius) * 0.6); color: var(--_warning); background: var(--_warning-surface);
}
.hint > .icon { margin-block-start: 0.15em; }
.facts {
  display: grid; gap: 0.25rem 0; padding-block-start: 0.625rem;
  border-block-start: 1px solid var(--_border);
}
.facts > div {
  display: grid; grid-template-columns: minmax(5.5rem, 7.5rem) minmax(0, 1fr); gap: 0.75rem;
  align-items: baseline;
}
.facts dt { color: var(--_muted); }
.match { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 0.4em; align-items: baseline; }
.match > .icon { color: var(--_success); }
.match.is-open > .icon { color: var(--_muted); }
.match > .aside { grid-column: 2; }
.match.is-weak, .is-weak { color: var(--_warning); }
.match.is-weak > .icon { color: inherit; }

.choice {
  margin-block-start: 0.375rem; border: 1px solid var(--_border);
  border-radius: calc(var(--_radius) * 0.75); max-block-size: 19rem; overflow-y: auto;
}
.option {
  display: flex; align-items: center; gap: 0.625rem; min-block-size: 2.5rem; padding: 0.45rem 0.625rem;
  cursor: pointer; border-inline-start: 0.1875rem solid transparent;
}
.option + .option { border-block-start: 1px solid var(--_border); }
.option:hover { background: var(--_hover); }
.choice:focus-visible .option[aria-selected="true"] {
  background: var(--_hover); border-inline-start-color: var(--_accent);
}
.option-text { display: grid; min-inline-size: 0; }
.option-name { display: flex; flex-wrap: wrap; gap: 0 0.5rem; align-items: center; font-weight: 600; }
.option-aside { color: var(--_muted); font-size: 0.929em; }
.option-aside > .icon { margin-inline-end: 0.35em; }
.option-aside.is-weak { color: var(--_warning); }

.actions { display: flex; flex-wrap: wrap; gap: 0.5rem; margin-block-start: 0.75rem; }
.button, .plain, .link { font: inherit; color: inherit; cursor: pointer; text-decoration: none; }
.button {
  display: inline-flex; align-items: center; justify-content: center; gap: 0.4em; min-block-size: 2.125rem;
  padding: 0.25rem 0.75rem; border: 1px solid var(--_border); border-radius: calc(var(--_radius) * 0.6);
  background: var(--_surface); font-weight: 500;
}
.button:hover, .plain:hover { background: var(--_hover); }
.button.is-primary {
  background: var(--_accent); border-color: var(--_accent); color: var(--_on-accent); font-weight: 600;
}
.button.is-primary:hover { background: color-mix(in srgb, var(--_accent) 88%, var(--_text)); }
.button.is-small { min-block-size: 1.75rem; padding: 0.125rem 0.5rem; font-size: 0.929em; }
.plain {
  display: inline-grid; place-items: center; flex: none; inline-size: 2rem; block-size: 2rem; padding: 0;
  border: 1px solid transparent; border-radius: calc(var(--_radius) * 0.6); background: none;
  color: var(--_muted);
}
.top > .plain { margin: -0.125rem; margin-inline-end: -0.375rem; }
.toggle[aria-pressed="true"] {
  color: var(--_accent); border-color: currentColor; background: var(--_surface);
}
.toggle[aria-pressed="false"] > .icon { opacity: 0.75; }
.link { padding: 0; border: 0; background: none; text-align: start; }
.link:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }

.row, .logged {
  display: flex; flex-wrap: wrap; align-items: center; gap: 0.375rem 0.625rem; padding: 0.5rem 0.625rem;
}
.row > .state-icon, .logged > .state-icon { color: var(--_tone); }
.row-text { flex: 1 1 9rem; min-inline-size: 0; }
.row-name {
  display: flex; flex-wrap: wrap; gap: 0 0.5rem; align-items: center; font-size: 1em; font-weight: 600;
}
.row-aside { display: flex; flex-wrap: wrap; gap: 0 0.625rem; color: var(--_muted); font-size: 0.929em; }
.row-actions { display: flex; align-items: center; gap: 0.375rem; margin-inline-start: auto; }
.row .button { min-block-size: 1.875rem; padding: 0.125rem 0.625rem; }

.log { margin-block-start: 0.75rem; }
.log-top {
  display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0.25rem 0.75rem;
  min-block-size: 2rem; margin-block-end: 0.375rem; padding-inline: 0.125rem;
}
.title { display: flex; align-items: center; font-size: 1em; font-weight: 650; }
.log-list {
  background: var(--_surface); border: 1px solid var(--_border); border-radius: var(--_radius);
  overflow: hidden;
}
.logged { --_tone: var(--_muted); padding-block: 0.4rem; }
.logged.is-missed { --_tone: var(--_danger); }
.logged.is-missed .state { color: var(--_danger); }
.logged + .logged { border-block-start: 1px solid var(--_border); }
.logged .timer { color: inherit; }
.unseen { color: var(--_danger); font-weight: 600; }

@container (inline-size < 24rem) {
  .facts > div { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts { gap: 0.375rem; }
  .top { flex-wrap: wrap; }
  .actions > .button { flex: 1 1 auto; }
}
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { animation: none !important; transition: none !important; }
}
@media (forced-colors: active) {
  .card, .row { border-inline-start-color: Highlight; }
  .is-missed { border-inline-start-style: double; }
  .toggle[aria-pressed="true"] { border-color: Highlight; color: Highlight; }
  .option[aria-selected="true"] { outline: 1px solid Highlight; outline-offset: -2px; }
  .skeleton > span { border: 1px solid GrayText; }
  .button.is-primary { border-color: Highlight; }
  :focus-visible { outline-color: Highlight; }
}
`;

if (!customElements.get(TAG)) customElements.define(TAG, CtiCallerLookup);
