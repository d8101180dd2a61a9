; The setup for one user: no administrator, silent with /S.
;
; Exit codes: 0 installed, 2 could not be installed or registered, 3 Scellé is
; installed for all users of this computer already, 4 a newer one is installed.
Unicode true
Target amd64-unicode
SetCompressor /SOLID lzma
SetDateSave off
CRCCheck force
RequestExecutionLevel user
ManifestSupportedOS Win10
ManifestDPIAware true
Name "Scellé"
BrandingText "Scellé ${VERSION}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\Scelle"
ShowInstDetails nevershow
ShowUninstDetails nevershow

!include MUI2.nsh
!include LogicLib.nsh
!include WordFunc.nsh
!include x64.nsh

!ifdef SIGN
!uninstfinalize '"${SIGN}" "%1"' = 0
!endif

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Scelle"
!define OLD "$INSTDIR\scelle.exe-*.scelle-old"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "French"
!insertmacro MUI_LANGUAGE "English"

LangString ForAll ${LANG_FRENCH} "Scellé est déjà installé sur cet ordinateur pour tous ses utilisateurs."
LangString ForAll ${LANG_ENGLISH} "Scellé is already installed for all users of this computer."
LangString Newer ${LANG_FRENCH} "Une version plus récente de Scellé est déjà installée."
LangString Newer ${LANG_ENGLISH} "A newer version of Scellé is already installed."
LangString Locked ${LANG_FRENCH} "Le programme n’a pas pu être remplacé. Fermez le navigateur, puis recommencez."
LangString Locked ${LANG_ENGLISH} "The program could not be replaced. Close the browser and try again."
LangString Unregistered ${LANG_FRENCH} "Scellé n’a pas pu être enregistré auprès des navigateurs :"
LangString Unregistered ${LANG_ENGLISH} "Scellé could not be registered with the browsers:"

VIProductVersion "${VERSION}.0"
VIAddVersionKey /LANG=0 "CompanyName" "${PUBLISHER}"
VIAddVersionKey /LANG=0 "FileDescription" "Scellé"
VIAddVersionKey /LANG=0 "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "LegalCopyright" "Apache-2.0"
VIAddVersionKey /LANG=0 "ProductName" "Scellé"
VIAddVersionKey /LANG=0 "ProductVersion" "${VERSION}"

!macro Refuse CODE TEXT
  MessageBox MB_OK|MB_ICONSTOP "${TEXT}" /SD IDOK
  SetErrorLevel ${CODE}
  Quit
!macroend

; A name that no file here has: a program that runs keeps its file.
!macro Aside
  System::Call "kernel32::GetTickCount() i .r9"
!macroend

Function .onInit
  ; One place, so that `scelle install` and the setup never make two copies.
  StrCpy $INSTDIR "$LOCALAPPDATA\Programs\Scelle"
  ; A user's keys hide the computer's from browsers, and would keep an old
  ; program alive beside the one that the IT department updates.
  SetRegView 64
  ReadRegStr $0 HKLM "Software\Google\Chrome\NativeMessagingHosts\${HOST_NAME}" ""
  ${If} $0 != ""
  ${AndIf} ${FileExists} "$0"
    !insertmacro Refuse 3 "$(ForAll)"
  ${EndIf}
  ReadRegStr $0 HKCU "${UNINSTALL}" "DisplayVersion"
  ${If} $0 != ""
    ${VersionCompare} "$0" "${VERSION}" $1
    ${If} $1 == 1
      !insertmacro Refuse 4 "$(Newer)"
    ${EndIf}
  ${EndIf}
FunctionEnd

Section
  SetOutPath "$INSTDIR"
  Delete "${OLD}"
  ClearErrors
  File "/oname=scelle.new" "${PROGRAM}"
  ${If} ${Errors}
    !insertmacro Refuse 2 "$(Locked)"
  ${EndIf}
  Delete "$INSTDIR\scelle.exe"
  ${If} ${FileExists} "$INSTDIR\scelle.exe"
    !insertmacro Aside
    Rename "$INSTDIR\scelle.exe" "$INSTDIR\scelle.exe-$9.scelle-old"
  ${EndIf}
  ClearErrors
  Rename "$INSTDIR\scelle.new" "$INSTDIR\scelle.exe"
  ${If} ${Errors}
    Delete "$INSTDIR\scelle.new"
    !insertmacro Refuse 2 "$(Locked)"
  ${EndIf}

  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Scellé"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\scelle.exe"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "${PUBLISHER}"
  WriteRegStr HKCU "${UNINSTALL}" "URLInfoAbout" "${HOMEPAGE}"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  SectionGetSize 0 $0
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" $0
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1

  nsExec::ExecToStack '"$INSTDIR\scelle.exe" install --browser all'
  Pop $0
  Pop $1
  ${If} $0 != 0
    !insertmacro Refuse 2 "$(Unregistered) $1"
  ${EndIf}
SectionEnd

Section Uninstall
  nsExec::ExecToStack '"$INSTDIR\scelle.exe" uninstall'
  Pop $0
  Pop $1
  Delete "${OLD}"
  Delete "$INSTDIR\scelle.exe"
  ${If} ${FileExists} "$INSTDIR\scelle.exe"
    ; A browser still has it open. Windows clears that folder in time.
    !insertmacro Aside
    Rename "$INSTDIR\scelle.exe" "$TEMP\scelle-$9.exe.scelle-old"
  ${EndIf}
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  RMDir "$LOCALAPPDATA\Programs" ; if nothing else is there
  DeleteRegKey HKCU "${UNINSTALL}"
  ${If} ${FileExists} "$INSTDIR\scelle.exe"
    SetErrorLevel 2
  ${EndIf}
SectionEnd
