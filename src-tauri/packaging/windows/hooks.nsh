; The installer writes the three kinds of links as tauri.conf.json names them. Windows lets a person choose a phone for them in its
; settings only if the app says that it can be one ("Default Programs" in Microsoft's documentation of the registry).
!macro NSIS_HOOK_POSTINSTALL
  WriteRegStr SHCTX "Software\Care4W\Capabilities" "ApplicationName" "Care4W"
  WriteRegStr SHCTX "Software\Care4W\Capabilities" "ApplicationDescription" "Call people by their number or Care4W ID"
  WriteRegStr SHCTX "Software\Care4W\Capabilities\URLAssociations" "tel" "Care4W.Link"
  WriteRegStr SHCTX "Software\Care4W\Capabilities\URLAssociations" "callto" "Care4W.Link"
  WriteRegStr SHCTX "Software\Care4W\Capabilities\URLAssociations" "care4w" "Care4W.Link"
  WriteRegStr SHCTX "Software\Classes\Care4W.Link" "" "Care4W link"
  WriteRegStr SHCTX "Software\Classes\Care4W.Link\DefaultIcon" "" '"$INSTDIR\care4w.exe",0'
  WriteRegStr SHCTX "Software\Classes\Care4W.Link\shell\open\command" "" '"$INSTDIR\care4w.exe" "%1"'
  WriteRegStr SHCTX "Software\RegisteredApplications" "Care4W" "Software\Care4W\Capabilities"
!macroend

!macro NSIS_HOOK_POSTUNINSTALL
  DeleteRegValue SHCTX "Software\RegisteredApplications" "Care4W"
  DeleteRegKey SHCTX "Software\Classes\Care4W.Link"
  DeleteRegKey SHCTX "Software\Care4W\Capabilities"
  DeleteRegKey /ifempty SHCTX "Software\Care4W"
!macroend
