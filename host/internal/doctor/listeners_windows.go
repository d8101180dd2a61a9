package doctor

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/windows"
)

var getExtendedTCPTable = windows.NewLazySystemDLL("iphlpapi.dll").NewProc("GetExtendedTcpTable")

// tcpTableOwnerPIDListener asks for sockets that listen, with their process
// (learn.microsoft.com/windows/win32/api/iprtrmib/ne-iprtrmib-tcp_table_class).
const tcpTableOwnerPIDListener = 3

// tcpRow says where a row of a family's table has its port and its process, in
// bytes: MIB_TCPROW_OWNER_PID and MIB_TCP6ROW_OWNER_PID.
type tcpRow struct{ family, size, port, process int }

// listeners reads the system's table of listening TCP sockets; nothing is
// connected to.
func listeners() ([]Listener, error) {
	var all []Listener
	for _, r := range []tcpRow{{windows.AF_INET, 24, 8, 20}, {windows.AF_INET6, 56, 20, 52}} {
		table, err := tcpTable(r.family)
		if err != nil {
			return nil, err
		}
		count := int(binary.LittleEndian.Uint32(table))
		for row := table[4:]; count > 0 && len(row) >= r.size; row = row[r.size:] {
			all = append(all, Listener{
				Program: int(binary.LittleEndian.Uint32(row[r.process:])),
				Port:    int(binary.BigEndian.Uint16(row[r.port:])),
			})
			count--
		}
	}
	return all, nil
}

// maxTCPTable bounds a table, in bytes.
const maxTCPTable = 4 << 20

func tcpTable(family int) ([]byte, error) {
	size := uint32(1 << 14)
	for size <= maxTCPTable {
		table := make([]byte, size)
		code, _, _ := getExtendedTCPTable.Call(uintptr(unsafe.Pointer(&table[0])), uintptr(unsafe.Pointer(&size)), 0,
			uintptr(family), tcpTableOwnerPIDListener, 0)
		switch windows.Errno(code) {
		case 0:
			return table, nil
		case windows.ERROR_INSUFFICIENT_BUFFER:
			size += 1 << 12 // more may begin to listen meanwhile
		default:
			return nil, windows.Errno(code)
		}
	}
	return nil, windows.ERROR_INSUFFICIENT_BUFFER
}
