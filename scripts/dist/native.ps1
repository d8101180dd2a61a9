# Installs, upgrades and removes the Windows packages on a real Windows:
#   native.ps1 -Packages FOLDER
# What scripts/dist's tests do under Wine; for throw-away machines only. The
# MSI needs an administrator.
param([Parameter(Mandatory)][string]$Packages)
$ErrorActionPreference = 'Stop'
$name = 'fr.scelle.host'
$keys = 'Google\Chrome', 'Chromium', 'Microsoft\Edge', 'Mozilla' | ForEach-Object { "Software\$_\NativeMessagingHosts\$name" }

function Assert([bool]$Condition, [string]$Text) { if (-not $Condition) { throw $Text } }

# Run waits for a program of the Windows subsystem and checks its exit code.
function Run([string]$Program, [string[]]$Arguments, [int[]]$Expected = 0) {
    $process = Start-Process -FilePath $Program -ArgumentList $Arguments -Wait -PassThru
    Assert ($Expected -contains $process.ExitCode) "$Program $Arguments : exit $($process.ExitCode)"
}

# Registered checks every browser's key, its manifest, and the program named.
function Registered([string]$Root, [string]$Program) {
    foreach ($key in $keys) {
        $manifest = (Get-ItemProperty "${Root}:\$key").'(default)'
        $host_ = (Get-Content -Raw -Encoding UTF8 $manifest | ConvertFrom-Json).path
        if (-not [IO.Path]::IsPathRooted($host_)) { $host_ = Join-Path (Split-Path $manifest) $host_ }
        Assert ($host_ -eq $Program) "$key names $host_"
    }
}

function Gone([string]$Root, [string]$Folder) {
    for ($i = 0; $i -lt 100 -and (Test-Path $Folder); $i++) { Start-Sleep -Milliseconds 100 }
    Assert (-not (Test-Path $Folder)) "$Folder is left"
    foreach ($key in $keys) { Assert (-not (Test-Path "${Root}:\$key")) "$key is left" }
}

# Start-Host starts the program as a browser does and leaves it running.
function Start-Host([string]$Program) {
    $manifest = (Get-ItemProperty "HKCU:\$($keys[0])").'(default)'
    $origin = (Get-Content -Raw -Encoding UTF8 $manifest | ConvertFrom-Json).allowed_origins[0]
    $info = [Diagnostics.ProcessStartInfo]::new($Program, $origin)
    $info.RedirectStandardInput = $true
    $info.RedirectStandardOutput = $true
    $info.UseShellExecute = $false
    [Diagnostics.Process]::Start($info)
}

$setup = (Get-Item "$Packages\scelle-setup-*.exe").FullName
$msi = (Get-Item "$Packages\scelle-*.msi").FullName
$exe = (Get-Item "$Packages\scelle-windows-amd64.exe").FullName
$version = (Get-Item $exe).VersionInfo.ProductVersion
Assert ((Get-Item $setup).Name -eq "scelle-setup-$version.exe") "the program's version resource says $version"

$folder = "$env:LOCALAPPDATA\Programs\Scelle"
Run $setup '/S'
Registered 'HKCU' "$folder\scelle.exe"
Assert ((Get-FileHash "$folder\scelle.exe").Hash -eq (Get-FileHash $exe).Hash) 'another program was installed'
$running = Start-Host "$folder\scelle.exe"
Run $setup '/S' # over a program that runs
Assert (-not $running.HasExited) 'the running program was ended'
Registered 'HKCU' "$folder\scelle.exe"
$running.StandardInput.Close()
Assert ($running.WaitForExit(10000)) 'the program does not end with its browser'
Run "$folder\uninstall.exe" '/S'
Gone 'HKCU' $folder

$folder = "$env:ProgramFiles\Scelle"
Run 'msiexec.exe' @('/i', "`"$msi`"", '/qn')
Registered 'HKLM' "$folder\scelle.exe"
Run $setup '/S' 3 # not beside an installation for all users
Run 'msiexec.exe' @('/x', "`"$msi`"", '/qn')
Gone 'HKLM' $folder
"Windows $([Environment]::OSVersion.Version): setup and MSI $version install, upgrade and leave nothing."
